"""One connection: a request out, a response in. Limits in time are here, limits in size are the parser's."""

from __future__ import annotations

import httpx
import trio

from .errors import TransportClosedError
from .limits import Origin, TransportLimits
from .parser import ResponseParser
from .wire import Wire

# As much as one wait for the kernel's buffer may cover: a slow but living reader keeps moving its deadline.
_SEND_BYTES = 64 * 1024
_LOST = (OSError, trio.BrokenResourceError)


def scope_of(seconds: float | None) -> trio.CancelScope:
    """Return a cancel scope that ends in `seconds`; None: never."""
    if seconds is None:
        return trio.CancelScope()
    return trio.CancelScope(deadline=trio.current_time() + seconds)


class Connection:
    """A wire with the state of HTTP on it. Serves one request at a time.

    After any error or cancellation it must be closed.

    Attributes:
        origin: Where it leads.
        parser: The response that is being read.
        idle_since: Monotonic seconds of the loop's clock when it became idle.
        reused: It has served a request before this one.
    """

    __slots__ = ("_wire", "idle_since", "origin", "parser", "reused")

    def __init__(self, origin: Origin, wire: Wire, limits: TransportLimits) -> None:
        self.origin = origin
        self.parser = ResponseParser(limits)
        self.idle_since = 0.0
        self.reused = False
        self._wire = wire

    @property
    def reusable(self) -> bool:
        """Whether the response is whole and both sides want to go on."""
        return self.parser.complete and self.parser.keep_alive

    def rewire(self, wire: Wire, limits: TransportLimits) -> None:
        """Start anew over another wire."""
        self._wire = wire
        self.parser = ResponseParser(limits)
        self.reused = False

    def stale(self) -> bool:
        """Whether the server has closed, or written to, this idle connection."""
        return self._wire.stale()

    def close(self) -> None:
        """Close at once."""
        self._wire.close()
        self.parser.release()

    def send_nowait(self, data: bytes) -> int:
        """Send what goes without waiting, and return how much that was.

        Raises:
            OSError: The connection is lost, and nothing of `data` was sent.
        """
        return self._wire.send_nowait(data)

    async def send(self, data: memoryview, seconds: float | None) -> None:
        """Send all of `data`; every 64 KiB may take `seconds`.

        Raises:
            httpx.WriteTimeout: No progress for that long.
            httpx.WriteError: The connection is lost; an unknown part was sent.
        """
        with scope_of(seconds) as scope:
            for start in range(0, len(data), _SEND_BYTES):
                if start and seconds is not None:
                    scope.deadline = trio.current_time() + seconds
                await self._send_piece(data[start : start + _SEND_BYTES])
        if scope.cancelled_caught:
            raise httpx.WriteTimeout(f"{self.origin} took no data for {seconds} s")

    async def read_head(self, first_byte: float | None, gap: float | None) -> None:
        """Read until the parser has the head (and as much of the body as came along).

        Args:
            first_byte: Seconds until anything arrives.
            gap: Seconds between two arrivals after that.

        Raises:
            httpx.ReadTimeout: One of them passed.
            httpx.ReadError: The connection is lost.
            httpx.RemoteProtocolError: What came is not HTTP, over a limit, or cut short.
        """
        parser = self.parser
        if first_byte is None and gap is None:  # the caller keeps the time; a scope costs more than all the rest here
            while not parser.head_complete:
                await self._pull()
            return
        seconds = first_byte
        with scope_of(seconds) as scope:
            await self._pull()
            while not parser.head_complete:
                seconds = gap
                scope.deadline = trio.current_time() + (float("inf") if gap is None else gap)
                await self._pull()
        if scope.cancelled_caught:
            raise httpx.ReadTimeout(f"{self.origin} sent no response for {seconds} s")

    async def read_body(self, gap: float | None) -> bytes:
        """Read a piece of the body as soon as there is one; b"" if it ended without another.

        Raises: As `read_head`.
        """
        parser = self.parser
        with scope_of(gap) as scope:
            while not (parser.chunks or parser.complete):
                await self._pull()
        if scope.cancelled_caught:
            raise httpx.ReadTimeout(f"{self.origin} stopped sending for {gap} s")
        return parser.take_body()

    async def _pull(self) -> None:
        try:
            data = await self._wire.receive()
        except _LOST as error:
            raise httpx.ReadError(f"{self.origin} broke the connection: {error}") from error
        except trio.ClosedResourceError as error:
            raise TransportClosedError(f"connection to {self.origin} closed while a response was read") from error
        self.parser.feed(data)

    async def _send_piece(self, data: memoryview) -> None:
        try:
            await self._wire.send(data)
        except _LOST as error:
            raise httpx.WriteError(f"{self.origin} broke the connection: {error}") from error
        except trio.ClosedResourceError as error:
            raise TransportClosedError(f"connection to {self.origin} closed while a request was sent") from error
