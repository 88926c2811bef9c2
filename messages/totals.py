"""What was counted since the start, for those who watch: sums that go on when old records are dropped."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from .base import Message


@attrs.frozen(kw_only=True)
class Distribution:
    """How long things took.

    Attributes:
        bounds: Seconds, ascending.
        counts: How many took no longer than each bound and longer than the one before; the last is of those beyond all bounds.
        seconds: All of them together.
    """

    bounds: tuple[float, ...] = ()
    counts: tuple[int, ...] = (0,)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)


@attrs.frozen(kw_only=True)
class AttemptTotals:
    """The attempts at one model of one provider instance that were sent.

    Attributes:
        instance: The instance; "(other)", with model "", for what came after the first few hundred pairs: callers choose model names.
        outcomes: How many ended how.
        tokens: By kind: input, output, cache_read, cache_write, reasoning; the last three are parts of the first two.
        cost_usd: US dollars, as far as prices are known.
        unpriced: Attempts that used tokens whose price nobody knows.
        unmetered: Successful attempts for which the provider reported no tokens.
        latency: From the call to its end.
        first_content: From the call to the first content of a stream.
    """

    instance: str
    model: str
    outcomes: Mapping[str, int]
    tokens: Mapping[str, int]
    cost_usd: float
    unpriced: int
    unmetered: int
    latency: Distribution
    first_content: Distribution


@attrs.frozen(kw_only=True)
class AttemptTotalsWanted(Message[tuple[AttemptTotals, ...]]):
    """What was sent to providers since the start?"""


@attrs.frozen(kw_only=True)
class RequestTotals:
    """The requests of one kind that ended in one way.

    Attributes:
        request_type: chat or embedding.
        outcome: How they ended.
        latency: From the request to its end.
    """

    request_type: str
    outcome: str
    latency: Distribution


@attrs.frozen(kw_only=True)
class RequestTotalsWanted(Message[tuple[RequestTotals, ...]]):
    """How many requests have ended since the start, how, and how fast?"""
