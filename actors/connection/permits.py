"""Who may call an instance now: leases that come back however the call ends."""

from __future__ import annotations

import collections
from types import TracebackType
from typing import Self

import trio

from ...messages.errors import TargetUnavailable
from ...messages.routing import CircuitState, HealthChanged


class Permits:
    """Bounds the calls in flight at one instance, and the callers that wait for a turn.

    A lease is held by a `with` block, so it belongs to the caller's task and returns when that ends, by whatever way. While the circuit is open there
    are none; while it is half open there is one, the probe. All of it happens on one event loop.
    """

    def __init__(self, name: str, capacity: int, max_queue: int) -> None:
        self._name = name
        self._capacity = capacity
        self._max_queue = max_queue
        self._waiting: collections.deque[_Waiter] = collections.deque()
        self.in_flight = 0
        self.state = CircuitState.CLOSED
        self.epoch = 0
        self._retry_at: float | None = None
        # Epoch whose probe is out. A stretch of half-open has an epoch of its own, so an old call's lease never frees a new probe.
        self._probed: int | None = None

    @property
    def waiting(self) -> int:
        """Callers that wait for a turn."""
        return len(self._waiting)

    def health_changed(self, news: HealthChanged) -> None:
        """Follow the circuit: one that opens sends away whoever waits."""
        self.state, self.epoch, self._retry_at = news.state, news.epoch, news.retry_at
        if self.state is not CircuitState.CLOSED:
            self._dismiss()

    async def lease(self, now: float) -> Lease:
        """Return a lease, waiting for a turn if all are taken.

        Raises:
            TargetUnavailable: The circuit is open, its probe is taken, or too many wait already.
        """
        if self.state is not CircuitState.CLOSED:
            self._check_circuit(now)
        if self.in_flight < self._capacity:
            self.in_flight += 1
        else:
            await self._wait_for_turn()
        if self.state is CircuitState.HALF_OPEN:
            self._probed = self.epoch
        return Lease(self, self.epoch)

    def _check_circuit(self, now: float) -> None:
        if self.state is CircuitState.OPEN:
            wait = max(0.0, self._retry_at - now) if self._retry_at is not None else None
            raise TargetUnavailable(f"{self._name}: its circuit is open", retry_after=wait)
        if self._probed == self.epoch or self.in_flight >= self._capacity:
            raise TargetUnavailable(f"{self._name}: it is being probed by another request", retry_after=1.0)

    async def _wait_for_turn(self) -> None:
        if len(self._waiting) >= self._max_queue:
            raise TargetUnavailable(
                f"{self._name}: {self.in_flight} calls are in flight and {len(self._waiting)} wait already",
                retry_after=1.0,
            )
        waiter = _Waiter()
        self._waiting.append(waiter)
        try:
            await waiter.called.wait()
        except trio.Cancelled:
            self._forget(waiter)
            raise
        if not waiter.has_turn:
            raise self._opened_meanwhile()
        if self.state is not CircuitState.CLOSED:  # it opened between the call and now
            self._pass_on()
            raise self._opened_meanwhile()

    def _forget(self, waiter: _Waiter) -> None:
        """Take a cancelled waiter out of the line; if it was called after the cancellation had reached it, its turn goes to the next."""
        if not waiter.called.is_set():
            self._waiting.remove(waiter)
        elif waiter.has_turn:
            self._pass_on()

    def _opened_meanwhile(self) -> TargetUnavailable:
        # trio's clock is the system's, so its moments and `retry_at` compare.
        wait = 1.0 if self._retry_at is None else max(0.0, self._retry_at - trio.current_time())
        return TargetUnavailable(f"{self._name}: its circuit opened while this waited", retry_after=wait)

    def give_back(self, epoch: int) -> None:
        """Return a lease: the next in line gets it, or it is free."""
        if self._probed == epoch:
            self._probed = None
        self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().call(has_turn=True)
        else:
            self.in_flight -= 1

    def _dismiss(self) -> None:
        while self._waiting:
            self._waiting.popleft().call(has_turn=False)


class _Waiter:
    """A caller in line; once it is called it is no longer in line."""

    __slots__ = ("called", "has_turn")

    def __init__(self) -> None:
        self.called = trio.Event()
        self.has_turn = False

    def call(self, *, has_turn: bool) -> None:
        self.has_turn = has_turn
        self.called.set()


class Lease:
    """One call's right to be in flight.

    Attributes:
        epoch: Of the circuit when the call was admitted.
    """

    __slots__ = ("_permits", "epoch")

    def __init__(self, permits: Permits, epoch: int) -> None:
        self._permits = permits
        self.epoch = epoch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._permits.give_back(self.epoch)
