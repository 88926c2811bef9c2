"""How long things took: a count per range of seconds."""

from __future__ import annotations

import bisect
from typing import Final

from ..messages.totals import Distribution

# From an answer out of a cache to a long chain of thought: each about twice the one before.
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)


class Histogram:
    """Counts durations. Owned by one actor."""

    __slots__ = ("_counts", "_seconds")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect.bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def distribution(self) -> Distribution:
        """Return what was counted so far."""
        return Distribution(bounds=BOUNDS, counts=tuple(self._counts), seconds=self._seconds)
