"""The last moves of requests from one target to another: how often an answer was sought elsewhere, why, and between whom."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs

from ...messages.attempt import AttemptRecord

# Moves that are kept (spec, section 33), and those that a snapshot shows one by one.
_KEPT: Final = 200
_SHOWN: Final = 10
# Seconds over which the rate is taken: as long as the health tracker looks back for latencies.
_WINDOW: Final = 300.0


@attrs.frozen(kw_only=True)
class Move:
    """A request went from one target to the next.

    Attributes:
        at: Monotonic seconds.
        reason: How the attempt at the source ended: a value of `Outcome`, or "quality_failure".
        source: "instance/model" that had no usable answer.
        target: "instance/model" that was asked instead.
    """

    at: float
    reason: str
    source: str
    target: str


class Escalations:
    """Remembers the last 200 moves. Owned by the inference actor.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._moves: collections.deque[Move] = collections.deque(maxlen=_KEPT)
        self._total = 0

    def add(self, history: Sequence[AttemptRecord]) -> None:
        """Remember the moves of a request that has ended; `history` is that of its attempts, in order."""
        now = self._now()
        for before, after in itertools.pairwise(history):
            source, target = f"{before.provider}/{before.model}", f"{after.provider}/{after.model}"
            if source != target:  # else it was a retry
                self._moves.append(Move(at=now, reason=before.outcome, source=source, target=target))
                self._total += 1

    def describe(self) -> dict[str, Any]:
        """Return plain data: all moves counted, those kept by reason, source and target, and how many a minute there were of late.

        `per_minute` is taken over the last five minutes; of more than 200 moves in that time only the kept ones count.
        """
        since = self._now() - _WINDOW
        recent = sum(1 for move in self._moves if move.at > since)
        return {
            "total": self._total,
            "per_minute": round(recent * 60 / _WINDOW, 3),
            "by_reason": dict(collections.Counter(move.reason for move in self._moves)),
            "by_source": dict(collections.Counter(move.source for move in self._moves)),
            "by_target": dict(collections.Counter(move.target for move in self._moves)),
            "last": [attrs.asdict(move) for move in itertools.islice(reversed(self._moves), _SHOWN)],
        }
