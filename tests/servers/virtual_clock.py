"""Time that only tests move."""

from __future__ import annotations

import trio.testing

_EPOCH = 1_700_000_000.0


class VirtualClock:
    """Stands still until it is told to jump, or, with an autojump threshold, until nothing else is left to do."""

    def __init__(self, start: float = 1000.0) -> None:
        self.trio = trio.testing.MockClock()
        self.trio.jump(start)
        self._set_by = 0.0

    def monotonic(self) -> float:
        return self.trio.current_time()

    def time(self) -> float:
        return _EPOCH + self.monotonic() + self._set_by

    def set_wall(self, seconds: float) -> None:
        """Set the wall clock by so many seconds, forward or back."""
        self._set_by += seconds

    def for_trio(self) -> trio.testing.MockClock:
        return self.trio
