"""Time, injected: monotonic seconds for durations and deadlines, wall seconds for records and schedules."""

from __future__ import annotations

import time
from typing import Protocol

import trio


class Clock(Protocol):
    """Where every actor reads the time."""

    def monotonic(self) -> float:
        """Seconds from some fixed point; never goes back. Deadlines are moments on this clock. Callable from any thread."""

    def time(self) -> float:
        """Unix seconds of the wall clock, which may jump. Callable from any thread."""

    def for_trio(self) -> trio.abc.Clock:
        """The clock that trio shall run on, so that trio's deadlines and `monotonic` mean the same moments."""


class _TrioView(trio.abc.Clock):
    """trio's own clock starts at a random number; this one agrees with `time.monotonic`, so a deadline may cross threads."""

    def start_clock(self) -> None:
        """Nothing to start: the machine's clock runs already."""

    current_time = staticmethod(time.monotonic)

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return deadline - time.monotonic()


class SystemClock:
    """The machine's clocks."""

    # The functions themselves: a request reads the time forty times, and a method around each would cost more than the reading.
    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    def for_trio(self) -> trio.abc.Clock:
        """Return a trio clock that agrees with `time.monotonic`."""
        return _TrioView()
