"""Who may have a connection: keep-alive connections by origin, and one bound for all."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable, Mapping

import httpx
import trio

from .connection import Connection, scope_of
from .errors import TransportClosedError, connect_reason
from .limits import Origin, TransportLimits, TransportStatistics
from .wire import Wire, dial

Timeouts = Mapping[str, float | None]


class ConnectionPool:
    """Hands out connections and takes them back.

    A request holds one of `max_connections` slots from `acquire` to `release`. Idle connections never outnumber the
    free slots, so sockets never outnumber `max_connections`. There is no background task: expired connections are
    closed when others come back, or by `close_expired`.
    """

    __slots__ = ("_busy", "_closed", "_free", "_idle", "_limits", "_opened", "_reused", "_sweep_at", "_tls", "_waiting")

    def __init__(self, limits: TransportLimits, tls: Callable[[], ssl.SSLContext]) -> None:
        self._limits = limits
        self._tls = tls
        self._idle: dict[Origin, deque[Connection]] = {}
        self._busy: set[Connection] = set()
        self._free = limits.max_connections
        self._waiting = trio.lowlevel.ParkingLot()
        self._sweep_at = 0.0
        self._opened = self._reused = 0
        self._closed = False

    async def acquire(self, origin: Origin, timeouts: Timeouts) -> Connection:
        """Return an idle connection that still looks alive, else a new one.

        Raises:
            httpx.PoolTimeout: All slots were taken for "pool" seconds.
            httpx.ConnectTimeout: No new connection within "connect" seconds.
            httpx.ConnectError: No new connection at all.
            TransportClosedError: The pool is closed.
        """
        if self._closed:
            raise TransportClosedError("the transport is closed")
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait_for_slot(timeouts.get("pool"))
        return self._pop_idle(origin) or await self._open(origin, timeouts)

    async def renew(self, dead: Connection, timeouts: Timeouts) -> None:
        """Give a connection that turned out to be dead a new wire. Raises as `acquire`; then it is still to release."""
        dead.close()
        self._reused -= 1
        dead.rewire(await self._dial(dead.origin, timeouts.get("connect")), self._limits)

    def release(self, connection: Connection) -> None:
        """Keep a connection if its response is whole and there is room, else close it. May be called twice."""
        if connection not in self._busy:
            return
        self._busy.remove(connection)
        if connection.reusable and not self._closed:
            self._keep(connection)
        else:
            connection.close()
        self._free_slot()

    def close(self) -> None:
        """Close everything, connections in use too; those who wait get TransportClosedError. May be called twice."""
        self._closed = True
        for connection in self._busy:
            connection.close()
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
        # Whoever wakes from the lot owns a slot; here they get one only to hand it back.
        self._free -= len(self._waiting)
        self._waiting.unpark_all()

    def close_expired(self) -> int:
        """Close the connections that were idle for longer than `idle_expiry`; return how many."""
        oldest = trio.current_time() - self._limits.idle_expiry
        closed = 0
        for origin, idle in list(self._idle.items()):
            while idle and idle[0].idle_since < oldest:
                idle.popleft().close()
                closed += 1
            if not idle:
                del self._idle[origin]
        return closed

    def statistics(self) -> TransportStatistics:
        """Count what is there."""
        idle = self._idle_total()
        return TransportStatistics(
            open=idle + len(self._busy),
            idle=idle,
            in_use=self._limits.max_connections - self._free,
            waiting=len(self._waiting),
            opened_total=self._opened,
            reused_total=self._reused,
        )

    # Slots.

    async def _wait_for_slot(self, seconds: float | None) -> None:
        with scope_of(seconds) as scope:
            await self._waiting.park()
        if scope.cancelled_caught:
            raise httpx.PoolTimeout(f"all {self._limits.max_connections} connections were in use for {seconds} s")
        if self._closed:
            self._free_slot()
            raise TransportClosedError("the transport was closed")

    def _free_slot(self) -> None:
        # Handed over, first come, first served: a newcomer cannot overtake those who wait.
        if self._waiting:
            self._waiting.unpark()
        else:
            self._free += 1

    # Idle connections.

    def _pop_idle(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin)
        if not idle:
            return None
        oldest = trio.current_time() - self._limits.idle_expiry
        while idle:
            # The one used last is the least likely to be closed by the server.
            connection = idle.pop()
            if connection.idle_since >= oldest and not connection.stale():
                self._busy.add(connection)
                connection.reused = True
                self._reused += 1
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection) -> None:
        now = connection.idle_since = trio.current_time()
        idle = self._idle.get(connection.origin)
        if idle is None:
            idle = self._idle[connection.origin] = deque()
        idle.append(connection)
        if len(idle) > self._limits.max_idle_per_origin:
            idle.popleft().close()
        if now >= self._sweep_at:
            self._sweep_at = now + self._limits.idle_expiry
            self.close_expired()

    def _idle_total(self) -> int:
        return sum(map(len, self._idle.values()))

    def _make_room(self) -> None:
        """Close the oldest idle connections of any origin until there is room for the one about to be opened."""
        while self._idle_total() > self._free:
            oldest = min((idle for idle in self._idle.values() if idle), key=lambda idle: idle[0].idle_since)
            oldest.popleft().close()

    # New connections.

    async def _open(self, origin: Origin, timeouts: Timeouts) -> Connection:
        self._make_room()
        try:
            wire = await self._dial(origin, timeouts.get("connect"))
        except BaseException:
            self._free_slot()
            raise
        connection = Connection(origin, wire, self._limits)
        self._busy.add(connection)
        return connection

    async def _dial(self, origin: Origin, seconds: float | None) -> Wire:
        wire: Wire | None = None
        try:
            with scope_of(seconds):
                wire = await dial(origin, self._tls)
        except (OSError, ValueError, trio.BrokenResourceError) as error:
            # ValueError: names that DNS or TLS cannot spell. trio hides the reason of a failed handshake in the cause.
            raise httpx.ConnectError(f"cannot connect to {origin}: {connect_reason(error)}") from error
        if wire is None:
            raise httpx.ConnectTimeout(f"{origin} did not accept a connection within {seconds} s")
        if self._closed:
            wire.close()
            raise TransportClosedError("the transport was closed")
        self._opened += 1
        return wire
