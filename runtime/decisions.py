"""What a supervisor decides, as pure functions: whether to restart, whom, when, and when to give up."""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable

import attrs

from .specs import Intensity, Restart, Strategy


class Ending(enum.StrEnum):
    """How a child ended."""

    NORMAL = "normal"  # it stopped itself
    CRASHED = "crashed"  # a bug, a kill, or a supervisor that gave up


@attrs.frozen(kw_only=True)
class Exit:
    """A child's end, as its supervisor hears of it."""

    ending: Ending
    error: BaseException | None = None


def restarts(restart: Restart, ending: Ending) -> bool:
    """Return whether a child with this spec is started again after this ending."""
    match restart, ending:
        case Restart.PERMANENT, _:
            return True
        case Restart.TRANSIENT, Ending.CRASHED:
            return True
        case _:
            return False


def affected(strategy: Strategy, index: int, count: int) -> range:
    """Return the positions, in start order, of the children that are restarted when the one at `index` ended."""
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return range(index, index + 1)
        case Strategy.ONE_FOR_ALL:
            return range(count)
        case Strategy.REST_FOR_ONE:
            return range(index, count)


class RestartLedger:
    """Remembers the recent restarts of one supervisor."""

    def __init__(self, intensity: Intensity, jitter: Callable[[], float]) -> None:
        self._intensity = intensity
        self._jitter = jitter
        self._at: collections.deque[float] = collections.deque()

    def next_delay(self, now: float) -> float | None:
        """Note a restart and return the seconds to wait before it, or None when the supervisor must give up.

        The n-th restart within the window waits min(backoff_max, backoff_initial * 2^(n-2)), scaled by a factor from [0.5, 1]; the first waits
        not at all, because most crashes are not repeated.
        """
        limit = self._intensity
        while self._at and self._at[0] <= now - limit.max_seconds:
            self._at.popleft()
        if len(self._at) >= limit.max_restarts:
            return None
        self._at.append(now)
        if len(self._at) == 1:
            return 0.0
        longest = min(limit.backoff_max, limit.backoff_initial * 2.0 ** (len(self._at) - 2))
        return longest * (0.5 + 0.5 * self._jitter())
