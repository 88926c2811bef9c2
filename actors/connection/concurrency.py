"""How many calls an instance may have in flight: found out by how long its answers take, within the bounds of the settings.

Answers are looked at in batches. The effort of an answer is the time that it took over the time that one of its length takes usually; what an
instance needs while it is not loaded is its usual effort.

    mean effort of the batch > tolerance * usual    what was in flight * tolerance * usual / mean, at most halved
    a call met "overloaded" or silence              what was in flight * 0.7
    the limit was reached, and nothing of that      limit + a quarter, at least 1

Up to `min_concurrency` calls are no load: what answers take then is what is usual, also where an instance has become slower for good. Answers that
take less than a quarter of a second are never slow: there our own machine is measured, and not the provider. Only calls count that began after the
limit was last cut: those before tell of another limit. So does TCP, once per round trip.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from ...messages.chat import Usage
from ...messages.errors import ProviderDown, RateLimitError, UpstreamError
from ...messages.settings import AdaptiveSettings

# Answers in a batch: enough that one of odd length does not decide.
_BATCH: Final = 10

# What an answer takes of time: a start, and a pace for what comes out and what is read. Whoever is faster or slower throughout has another effort
# throughout, so only the proportions matter.
_START: Final = 0.5
_OUTPUT_PER_SECOND: Final = 50.0
_INPUT_PER_SECOND: Final = 2000.0

# Mean seconds of an answer up to which nobody is overloaded.
_QUICK: Final = 0.25

# Statuses that mean "too much at once": service unavailable, and Anthropic's "overloaded".
_OVERLOADED: Final = frozenset({503, 529})

# How far one change goes.
_MOST_CUT: Final = 0.5
_OVERLOAD_CUT: Final = 0.7
_GROWTH: Final = 4

# How fast the opinion of what is usual follows what is seen without load, for the better and for the worse.
_BETTER: Final = 0.5
_WORSE: Final = 0.3


class Sample(NamedTuple):
    """What one answer shows; a tuple, because every call makes one.

    Attributes:
        began: Monotonic moment at which its call was made.
        seconds: Until its end, or, for a stream, until its first content: the rest is up to its reader, too.
        usage: Its length; one that nobody reported says nothing.
        in_flight: Calls in flight at its end, itself included.
        is_whole: Whether `seconds` are those of the whole answer.
    """

    began: float
    seconds: float
    usage: Usage
    in_flight: int
    is_whole: bool

    @property
    def work(self) -> float:
        """Seconds that it would take at the pace all are compared with."""
        made = self.usage.output_tokens / _OUTPUT_PER_SECOND if self.is_whole else 0.0
        return _START + made + self.usage.input_tokens / _INPUT_PER_SECOND


class _Batch:
    """Answers that are looked at together.

    Attributes:
        effort: Sum of theirs.
        seconds: Likewise of the time that they took.
        peak: Most calls that were in flight.
    """

    __slots__ = ("count", "effort", "peak", "seconds")

    def __init__(self) -> None:
        self.effort, self.seconds, self.count, self.peak = 0.0, 0.0, 0, 0


class AdaptiveLimit:
    """The limit of one instance.

    Attributes:
        limit: Calls that may be in flight now.
    """

    __slots__ = ("_batch", "_changed_at", "_least", "_most", "_tolerance", "_usual", "limit")

    def __init__(self, settings: AdaptiveSettings, most: int) -> None:
        self._most = most
        self._least = min(settings.min_concurrency, most)
        self._tolerance = settings.tolerance
        self._usual: float | None = None
        self._changed_at = -math.inf
        self._batch = _Batch()
        self.limit = most

    def answered(self, sample: Sample, now: float) -> None:
        """Learn from an answer that has come to its end."""
        if sample.began <= self._changed_at or sample.usage.source == "partial":
            return
        batch = self._batch
        batch.effort += sample.seconds / sample.work
        batch.seconds += sample.seconds
        batch.peak = max(batch.peak, sample.in_flight)
        batch.count += 1
        if batch.count >= _BATCH:
            self._settle(batch, now)

    def overloaded(self, began: float, now: float, in_flight: int) -> None:
        """Learn that a call made at `began` was too much."""
        if began > self._changed_at:
            self._cut(in_flight * _OVERLOAD_CUT, now)

    def _settle(self, batch: _Batch, now: float) -> None:
        self._batch = _Batch()
        mean = batch.effort / batch.count
        usual = self._usual = self._learnt(mean, batch.peak)
        if mean > self._tolerance * usual and batch.seconds > _QUICK * batch.count:
            kept = max(_MOST_CUT, self._tolerance * usual / mean)
            self._cut(batch.peak * kept, now)
        elif batch.peak >= self.limit:
            self.limit = min(self._most, self.limit + max(1, self.limit // _GROWTH))

    def _learnt(self, mean: float, peak: int) -> float:
        """Return what is usual, after one more batch."""
        usual = mean if self._usual is None else self._usual
        if mean < usual:
            return usual + (mean - usual) * _BETTER
        return usual + (mean - usual) * _WORSE if peak <= self._least else usual

    def _cut(self, limit: float, now: float) -> None:
        """Let fewer be in flight, unless so few are no load."""
        smaller = max(self._least, int(limit))
        if smaller < self.limit:
            self.limit = smaller
            self._changed_at = now
            self._batch = _Batch()


def is_overload(failure: Exception) -> bool:
    """Return whether a failure may mean that too many calls are in flight. A limit that says when to come back is one of its own, by the minute."""
    if isinstance(failure, RateLimitError):
        return failure.retry_after is None
    return isinstance(failure, ProviderDown) or (isinstance(failure, UpstreamError) and failure.status in _OVERLOADED)
