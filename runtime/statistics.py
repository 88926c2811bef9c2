"""What the runtime knows about every actor without asking it."""

from __future__ import annotations

import collections
from collections.abc import Iterable

# Handler durations kept per actor; enough for a p99 that means something.
_KEPT = 512


class Statistics:
    """Counters of one cell; written on its loop, read from any thread (each read is of one whole value)."""

    __slots__ = (
        "crashes",
        "current",
        "current_since",
        "durations",
        "failed",
        "handled",
        "last_error",
        "restarts",
        "tasks",
    )

    def __init__(self) -> None:
        self.handled = 0
        self.failed = 0
        self.crashes = 0
        self.restarts = 0
        self.tasks = 0
        self.last_error: str | None = None
        self.current: str | None = None
        self.current_since = 0.0
        self.durations: collections.deque[float] = collections.deque(maxlen=_KEPT)

    def describe(self, now: float) -> dict[str, object]:
        """Return the counters as plain data; times in seconds and microseconds as named."""
        durations = tuple(self.durations)
        return {
            "handled": self.handled,
            "failed": self.failed,
            "crashes": self.crashes,
            "restarts": self.restarts,
            "tasks": self.tasks,
            "last_error": self.last_error,
            "current": self.current,
            "current_for": max(0.0, now - self.current_since) if self.current else 0.0,
            "handler_p50_us": round(percentile(durations, 0.50) * 1e6, 1),
            "handler_p99_us": round(percentile(durations, 0.99) * 1e6, 1),
        }


def percentile(values: Iterable[float], share: float) -> float:
    """Return the nearest-rank percentile: the smallest value that at least `share` (0 to 1) of all values do not exceed; 0.0 of nothing."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * share // 1)  # ceil
    return ordered[max(0, int(rank) - 1)]
