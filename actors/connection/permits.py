"""Who may call an instance now: leases that come back however the call ends."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import attrs
import trio

from ...messages.errors import TargetUnavailable
from ...messages.routing import CircuitState, HealthChanged
from .gate import Gate, Pass
from .pace import Pace

# Seconds: the smallest wait that HTTP can name.
_SHORTEST_WAIT: Final = 1.0


class Permits:
    """Bounds the calls in flight at one instance, and the callers that wait for a turn.

    A lease is held by a `with` block, so it belongs to the caller's task and returns when that ends, by whatever way. While the circuit is open there
    are none; while it is half open there is one, the probe. All of it happens on one event loop.

    Args:
        gate: Who may pass by what health says.
        capacity: Calls in flight at once; see `resize`.
        max_queue: Callers that may wait beyond those.
        pace: How long a call takes.
        changed: Called when there are more or fewer of either.

    Attributes:
        gate: As given, and as it becomes.
        capacity: Likewise.
        in_flight: Leases that are out.
    """

    def __init__(
        self, gate: Gate, capacity: int, max_queue: int, pace: Pace, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.gate = gate
        self.capacity = capacity
        self.in_flight = 0
        self._max_queue = max_queue
        self._pace = pace
        self._changed = changed
        self._waiting: collections.deque[_Waiter] = collections.deque()

    @property
    def waiting(self) -> int:
        """Callers that wait for a turn."""
        return len(self._waiting)

    def health_changed(self, news: HealthChanged) -> None:
        """Follow the circuit: one that opens sends away whoever waits."""
        self.gate = self.gate.told(news)
        if news.state is not CircuitState.CLOSED:
            self._dismiss()

    def rearrange(self, probe_seconds: float, max_queue: int, changed: Callable[[], None]) -> None:
        """Go by other bounds, and tell others, from now on. Who waits keeps waiting."""
        self.gate = attrs.evolve(self.gate, probe_seconds=probe_seconds)
        self._max_queue = max_queue
        self._changed = changed

    def resize(self, capacity: int) -> None:
        """Have more calls in flight at once from now on, or, as they end, fewer."""
        self.capacity = capacity
        while self._waiting and self.in_flight < capacity:
            self.in_flight += 1
            self._waiting.popleft().call(has_turn=True)

    async def lease(self, model: str, now: float, deadline: float = math.inf, *, has_others: bool = False) -> Lease:
        """Return a lease for a call of the model, waiting for a turn if all are taken.

        Args:
            model: Model that is to be called.
            now: Monotonic moment.
            deadline: Monotonic moment at which the caller gives up.
            has_others: Whether the caller could go elsewhere: then it does not wait longer than an answer takes.

        Raises:
            TargetUnavailable: The circuit is open, its probe is taken, the model is throttled, too many wait already, or the line is too long for
                this caller.
        """
        refusal = self.gate.refusal(model, now)
        if refusal is not None:
            raise refusal
        if self.in_flight < self.capacity:
            self.in_flight += 1
        else:
            self._check_line(deadline - now, has_others=has_others)
            await self._wait_for_turn(model)
            now = trio.current_time()
        self.gate, held = self.gate.entered(now)
        self._changed()
        return Lease(self, held)

    def wait(self) -> float:
        """Return about how many seconds one more caller would wait in line."""
        return self._pace.seconds * (len(self._waiting) + 1) / self.capacity

    def _check_line(self, left: float, *, has_others: bool) -> None:
        """Send away at once whoever would wait in vain, or longer than is worth it."""
        name = self.gate.news.instance
        if self.gate.state is not CircuitState.CLOSED:
            raise TargetUnavailable(f"{name}: no place is free for a probe", retry_after=_SHORTEST_WAIT)
        wait = self.wait()
        if len(self._waiting) >= self._max_queue:
            raise TargetUnavailable(
                f"{name}: {self.in_flight} calls are in flight and {len(self._waiting)} wait already",
                retry_after=max(_SHORTEST_WAIT, wait),
            )
        if wait + self._pace.seconds > left:
            raise TargetUnavailable(
                f"{name}: the line takes about {wait:.1f} s and an answer {self._pace.seconds:.1f} s,"
                f" and the caller has {max(0.0, left):.1f} s",
                retry_after=max(_SHORTEST_WAIT, wait),
            )

        if has_others and wait > self._pace.seconds:
            raise TargetUnavailable(
                f"{name}: the line takes about {wait:.1f} s, and others can be asked",
                retry_after=max(_SHORTEST_WAIT, wait),
            )

    async def _wait_for_turn(self, model: str) -> None:
        waiter = _Waiter()
        self._waiting.append(waiter)
        self._changed()
        try:
            await waiter.called.wait()
        except trio.Cancelled:
            self._forget(waiter)
            raise
        # It may have opened between the call and now. trio's clock is the system's, so its moments and those of health compare.
        refusal = self.gate.refusal(model, trio.current_time())
        if not waiter.has_turn:
            raise refusal or self._opened_meanwhile()
        if refusal is not None or self.gate.state is not CircuitState.CLOSED:
            self._pass_on()
            raise refusal or self._opened_meanwhile()

    def _forget(self, waiter: _Waiter) -> None:
        """Take a cancelled waiter out of the line; if it was called after the cancellation had reached it, its turn goes to the next."""
        if not waiter.called.is_set():
            self._waiting.remove(waiter)
            self._changed()
        elif waiter.has_turn:
            self._pass_on()

    def _opened_meanwhile(self) -> TargetUnavailable:
        return TargetUnavailable(
            f"{self.gate.news.instance}: its circuit opened while this waited", retry_after=_SHORTEST_WAIT
        )

    def give_back(self, held: Pass) -> None:
        """Return a lease: the next in line gets it, or it is free."""
        self.gate = self.gate.left(held)
        self._pass_on()

    def _pass_on(self) -> None:
        if self._waiting and self.in_flight <= self.capacity:
            self._waiting.popleft().call(has_turn=True)
        else:
            self.in_flight -= 1
        self._changed()

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
    """One call's right to be in flight."""

    __slots__ = ("_held", "_permits")

    def __init__(self, permits: Permits, held: Pass) -> None:
        self._permits = permits
        self._held = held

    @property
    def epoch(self) -> int:
        """The epoch of the circuit for which the call speaks; that of its start, unless it was a probe and another has taken its place."""
        return self._permits.gate.epoch_of(self._held)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._permits.give_back(self._held)
