"""What the host's own signals add to an instance's score."""

from __future__ import annotations

import math
from typing import Final

# As much as an open circuit costs, and as the worst latency: a signal may outweigh them, not everything else.
_MOST: Final = 50.0


class Points:
    """The last verdict on every signal of one instance; each is forgotten when it has not been renewed for a window."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._given: dict[str, tuple[float, float]] = {}  # name -> (points, monotonic moment at which they end)

    def give(self, signal: str, points: float | None, now: float) -> None:
        """Note a verdict; None takes back what was given."""
        if points:
            self._given[signal] = points, now + self._window
        else:
            self._given.pop(signal, None)

    def total(self, now: float) -> float:
        """Return the sum of what is given now, between -50 and 50."""
        if not self._given:
            return 0.0
        self._given = {name: given for name, given in self._given.items() if given[1] > now}
        return max(-_MOST, min(_MOST, math.fsum(points for points, _ in self._given.values())))

    def by_signal(self) -> dict[str, float]:
        """Return the points by name of the signal."""
        return {name: points for name, (points, _) in self._given.items()}

    def ends_at(self) -> float:
        """Return the monotonic moment at which the first of them ends; infinity without any."""
        return min((until for _, until in self._given.values()), default=math.inf)
