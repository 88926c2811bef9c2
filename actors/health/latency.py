"""How long an instance's answers took of late, and what that costs it in the router's score."""

from __future__ import annotations

import collections
import math

from ...messages.routing import CircuitState

# Points of spec: an open circuit loses 50, a half-open one 25; slowness at most 50, in steps of 10.
CIRCUIT_PENALTY = {CircuitState.CLOSED: 0.0, CircuitState.HALF_OPEN: -25.0, CircuitState.OPEN: -50.0}
_WORST_LATENCY_PENALTY = -50.0
_LATENCY_STEP = 10.0

# The window is kept in so many slices, so that its memory does not grow with the number of calls.
_SLICES = 60


class LatencyWindow:
    """A sliding average over the last `window` seconds, exact to a sixtieth of the window."""

    def __init__(self, window: float) -> None:
        self._slice = window / _SLICES
        self._slices: collections.deque[list[float]] = collections.deque()  # [number of the slice, sum, count]
        # Of all slices. Rounding gathers in the sum by 1e-16 of it a slice, and is gone whenever the window has been empty.
        self._seconds = 0.0
        self._count = 0.0

    def add(self, now: float, seconds: float) -> None:
        """Note one answer."""
        number = now // self._slice
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append([number, 0.0, 0.0])
        self._slices[-1][1] += seconds
        self._slices[-1][2] += 1
        self._seconds += seconds
        self._count += 1

    def average_ms(self, now: float) -> float:
        """Return the mean latency in milliseconds, 0.0 without samples."""
        oldest = now // self._slice - _SLICES
        while self._slices and self._slices[0][0] <= oldest:
            _, seconds, count = self._slices.popleft()
            self._seconds -= seconds
            self._count -= count
        if not self._slices:
            self._seconds = 0.0
            return 0.0
        return 1000.0 * self._seconds / self._count

    def fades_at(self) -> float:
        """Return the monotonic moment by which the oldest sample will have left the window; infinity without samples."""
        if not self._slices:
            return math.inf
        # Half a slice later than it must be, so that rounding never names a moment at which it is still there.
        return (self._slices[0][0] + _SLICES + 0.5) * self._slice


def latency_penalty(average_ms: float, threshold_ms: float) -> float:
    """Return the points lost by slowness: 0 up to the threshold, else max(-50, -10 * floor(average / threshold))."""
    if average_ms <= threshold_ms:
        return 0.0
    return max(_WORST_LATENCY_PENALTY, -_LATENCY_STEP * math.floor(average_ms / threshold_ms))


def adjustment(state: CircuitState, average_ms: float, threshold_ms: float) -> float:
    """Return the points that the router adds to the score: the circuit's penalty + the latency's."""
    return CIRCUIT_PENALTY[state] + latency_penalty(average_ms, threshold_ms)
