"""How much was used in the last minute."""

from __future__ import annotations

import math
from typing import Final

# Seconds that are looked back on, each a slot of its own. What was used at any moment of a second must be counted for 60 more, so there are 61.
_MINUTE: Final = 60
_SLOTS: Final = _MINUTE + 1


class Window:
    """Counts what is used in any 60 seconds against a limit, exact to a second and never too little.

    A token bucket would be smaller, but lets through up to twice its size in the minute after a pause, which those who count by the minute refuse.

    Attributes:
        limit: Most that may be used in a minute.
        used: What counts now.
    """

    __slots__ = ("_second", "_slots", "limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._slots = [0] * _SLOTS
        self._second = 0  # the last second that the slots know

    def fits_at(self, amount: int, now: float) -> float:
        """Return the monotonic moment at which `amount` fits, `now` if it does already; more than the limit counts as all of it."""
        self._advance(now)
        missing = self.used + min(amount, self.limit) - self.limit
        if missing <= 0:
            return now
        for second in range(self._second - _MINUTE, self._second + 1):
            missing -= self._slots[second % _SLOTS]
            if missing <= 0:
                return float(second + _SLOTS)
        raise AssertionError("the slots hold what counts")

    def take(self, amount: int, now: float) -> int:
        """Count `amount` from now on; return where, for `change`."""
        self._advance(now)
        self._add(self._second, amount)
        return self._second

    def change(self, second: int, difference: int) -> None:
        """Correct what was taken in an earlier second; what has left the window since is forgotten."""
        if second > self._second - _SLOTS:
            self._add(second, max(difference, -self._slots[second % _SLOTS]))

    def charge(self, amount: int, now: float, seconds: float) -> None:
        """Count `amount` that others have used, so that it is gone after so many seconds (at most 60), bit by bit."""
        self._advance(now)
        steps = min(_MINUTE, max(1, math.ceil(seconds)))
        oldest = self._second - _MINUTE
        for step in range(steps):
            self._add(oldest + step, amount * (step + 1) // steps - amount * step // steps)

    def _add(self, second: int, amount: int) -> None:
        self._slots[second % _SLOTS] += amount
        self.used += amount

    def _advance(self, now: float) -> None:
        second = math.floor(now)
        for passed in range(max(self._second + 1, second - _SLOTS + 1), second + 1):
            self.used -= self._slots[passed % _SLOTS]
            self._slots[passed % _SLOTS] = 0
        self._second = max(self._second, second)
