"""Loopback servers that speak exact bytes, and a transport that must end without a leak."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import httpx
import pytest
import pytest_trio
import trio
from legion_llm.adapters.transport import LegionTransport


class Peer:
    """The server's end of one connection."""

    def __init__(self, stream: trio.SocketStream, number: int, requests: list[bytes]) -> None:
        self.stream = stream
        self.number = number
        self._requests = requests
        self._buffer = b""

    async def request(self) -> bytes:
        """Read one whole request; b"" if the client left instead."""
        while b"\r\n\r\n" not in self._buffer:
            if not await self._more():
                return b""
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        declared = re.search(rb"(?i)content-length: (\d+)", head)
        size = int(declared[1]) if declared else 0
        while len(rest) < size or (b"chunked" in head and not rest.endswith(b"0\r\n\r\n")):
            assert await self._more()
            rest = self._buffer.partition(b"\r\n\r\n")[2]
        self._buffer = b""
        self._requests.append(head + b"\r\n\r\n" + rest)
        return self._requests[-1]

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def answer(self, response: bytes) -> bytes:
        request = await self.request()
        if request:
            await self.send(response)
        return request

    def reset(self) -> None:
        """Close with a RST instead of a FIN."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.socket.close()

    async def wait_end(self) -> None:
        """Wait until the client has closed."""
        with suppress(trio.BrokenResourceError):
            while await self._more():
                pass

    async def _more(self) -> bool:
        data = await self.stream.receive_some(65536)
        self._buffer += data
        return bool(data)


class Upstream:
    """A running server.

    Attributes:
        accepted: Connections accepted so far.
        requests: Whole requests read so far.
        ended: Set when a handler has returned: for those that end with `wait_end`, the client has closed.
    """

    def __init__(self, handler: Callable[[Peer], Awaitable[object]]) -> None:
        self._handler = handler
        self.accepted = 0
        self.requests: list[bytes] = []
        self.ended = trio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/chat?x=1"

    def request(self, method: str = "POST", **options) -> httpx.Request:
        if method == "POST":
            options.setdefault("content", b"{}")
        return httpx.Request(method, self.url, **options)

    async def handle(self, stream: trio.SocketStream) -> None:
        self.accepted += 1
        # The client left, or the handler closed on purpose.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await self._handler(Peer(stream, self.accepted, self.requests))
        self.ended.set()


@pytest.fixture
def serve(nursery):
    """Start a server whose handler gets each connection as a Peer."""

    async def start(handler) -> Upstream:
        upstream = Upstream(handler)
        listeners = await nursery.start(lambda task_status: _listen(upstream, task_status))
        upstream.port = listeners[0].socket.getsockname()[1]
        return upstream

    return start


async def _listen(upstream: Upstream, task_status) -> None:
    await trio.serve_tcp(upstream.handle, 0, host="127.0.0.1", task_status=task_status)


@pytest.fixture
def serve_bytes(serve):
    """Start a server that answers every request with the same bytes; and then closes, if told so."""

    async def start(response: bytes, *, close: bool = False) -> Upstream:
        async def handler(peer: Peer) -> None:
            while await peer.answer(response):
                if close:
                    return

        return await serve(handler)

    return start


@pytest_trio.trio_fixture
async def transport() -> AsyncIterator[LegionTransport]:
    """A transport with default limits; afterwards no request may hold a connection."""
    async with LegionTransport() as transport:
        yield transport
        assert transport.statistics().in_use == 0
    assert transport.statistics().open == 0


@pytest.fixture
def fetch(transport):
    """Send a request, read the whole response."""

    async def send(request: httpx.Request) -> httpx.Response:
        response = await transport.handle_async_request(request)
        await response.aread()
        return response

    return send
