"""The body of a response, as its reader sees it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import suppress

import httpx

from .connection import Connection
from .errors import BodyTooLargeError
from .pool import ConnectionPool


class ResponseBody(httpx.AsyncByteStream):
    """Raw body bytes, a piece for each read of the socket. Reads only when asked: a slow reader slows the server.

    The connection goes back to the pool with the last byte, before `aclose`. Closing earlier, an error or a
    cancellation closes the connection.
    """

    __slots__ = ("_arrived", "_connection", "_cut", "_gap", "_headers", "_pool", "_request", "_started")

    def __init__(
        self,
        arrived: bytes,
        headers: list[tuple[bytes, bytes]],
        connection: Connection | None,
        pool: ConnectionPool,
        request: httpx.Request,
        gap: float | None,
    ) -> None:
        """Take over `connection`, or None if all of the body is in `arrived`."""
        self._arrived = arrived
        self._headers = headers
        self._connection = connection
        self._pool = pool
        self._request = request
        self._gap = gap
        self._started = self._cut = False

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a header (name in lower case); httpx's own look-up decodes all of them first."""
        for key, value in self._headers:
            if key.lower() == name:
                return value
        return None

    def take_whole(self) -> bytes | None:
        """Return the whole body if it came along with the head and nothing of it was read yet, else None."""
        if self._connection is not None or self._started or self._cut:
            return None
        self._started = True
        whole, self._arrived = self._arrived, b""
        return whole

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self._started:
            raise httpx.StreamConsumed
        self._started = True
        return self

    async def __anext__(self) -> bytes:
        data = self._arrived
        if data:
            self._arrived = b""
            return data
        if self._cut:
            raise httpx.StreamClosed
        if self._connection is not None:
            data = await self._read(self._connection)
            if data:
                return data
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Give up what was not read yet. Closes the connection if there was anything. May be called twice."""
        self._arrived = b""
        if self._connection is not None:
            self._cut = True
            self._let_go(self._connection)

    async def _read(self, connection: Connection) -> bytes:
        try:
            data = await connection.read_body(self._gap)
        except BaseException as error:
            self._cut = True
            self._let_go(connection)
            if isinstance(error, httpx.RequestError):
                error.request = self._request
            raise
        if connection.parser.complete:
            self._let_go(connection)
        return data

    def _let_go(self, connection: Connection) -> None:
        self._connection = None
        self._pool.release(connection)


async def read_limited(response: httpx.Response, limit: int) -> bytes:
    """Read a whole body of at most `limit` bytes, decoded, and close the response.

    An answer of our own transport without Content-Encoding is read past httpx's decoders, which cost more than the
    body; `response.content` is not set then.

    Raises:
        BodyTooLargeError: It is longer, or says so.
        httpx.TransportError: As the transport raises.
        httpx.DecodingError: The content is not what Content-Encoding says.
    """
    stream = response.stream
    try:
        if not isinstance(stream, ResponseBody) or stream.header(b"content-encoding") is not None:
            return await _collect_decoded(response, limit)
        declared = stream.header(b"content-length") or b""
        if declared.isdigit() and int(declared) > limit:
            raise BodyTooLargeError(f"a body of {int(declared)} bytes, where {limit} are allowed")
        return await _collect(stream, limit)
    finally:
        await response.aclose()


async def _collect_decoded(response: httpx.Response, limit: int) -> bytes:
    pieces = response.aiter_bytes()
    try:
        return await _collect(pieces, limit)
    except BodyTooLargeError:
        # httpx nests generators and closes none of them; trio warns of each. With its source closed, one step more ends
        # the inner ones.
        await response.aclose()
        with suppress(StopAsyncIteration, httpx.StreamError, httpx.RequestError):
            await anext(pieces)
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
        raise


async def _collect(pieces: AsyncIterable[bytes], limit: int) -> bytes:
    collected: list[bytes] = []
    left = limit
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise BodyTooLargeError(f"a body of more than the {limit} bytes allowed")
        collected.append(piece)
    return collected[0] if len(collected) == 1 else b"".join(collected)
