"""The hot path's HTTP transport: httpx's contract over trio sockets and llhttp.

When a request is sent twice. An idle keep-alive connection may be dead, so before it is used the kernel is asked
without waiting: an end, an error or unasked words in it, and it is closed and the next one tried. If it dies between
that look and our first write, the write fails with nothing sent, and the request goes out once more on a new
connection. That is all: as soon as one byte may have left, a lost connection is an error for the caller, who alone
knows whether to pay for a second answer. Over TLS no failed write counts as "nothing sent".
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from typing import Literal

import httpx
import trio

from .body import ResponseBody
from .connection import Connection
from .limits import TransportLimits, TransportStatistics
from .pool import ConnectionPool, Timeouts
from .request import body_of, encode_head, framed_stream, origin_of

_EXTENSIONS = {"1.1": {"http_version": b"HTTP/1.1"}, "1.0": {"http_version": b"HTTP/1.0"}}
_UNLIMITED: Timeouts = {}


class LegionTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 with keep-alive, for one trio loop. Use it alone or under `httpx.AsyncClient`; `aclose()` ends it.

    Reads from `request.extensions`: "timeout", httpx's dict of connect, read, write and pool in seconds (None or
    absent: no limit), "legion_first_byte", seconds from the request's last byte to the response's first (default:
    read), and "legion_sent", a function that is called without arguments when that last byte has gone.

    Args:
        limits: Bounds in size and number.
        ssl_context: Trust for https; default `ssl.create_default_context()`, made when first needed. Its ALPN is set to
            http/1.1, so it should not be shared with an HTTP/2 client.
    """

    def __init__(self, *, limits: TransportLimits | None = None, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context
        self._alpn_set = False
        self._pool = ConnectionPool(limits or TransportLimits(), self._tls)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return the response when its head is there.

        The response must be read to its end or closed. Its `request` is set.

        Raises:
            httpx.TransportError: One of its kinds, the cause chained. Nothing was sent: UnsupportedProtocol,
                PoolTimeout, ConnectTimeout, ConnectError. Something may have been: WriteTimeout, WriteError,
                ReadTimeout, ReadError, RemoteProtocolError, TransportClosedError, LocalProtocolError (a streamed body
                of the wrong length; else nothing was sent). No connection is left behind.
        """
        # The first write does not wait; one who was cancelled before must not send an order that costs money.
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            return await self._exchange(request)
        except httpx.RequestError as error:
            error.request = request
            raise

    def statistics(self) -> TransportStatistics:
        """Return what is open and has been done."""
        return self._pool.statistics()

    def close_expired(self) -> int:
        """Close connections idle for longer than `idle_expiry`; return how many. For a timer, if there is one."""
        return self._pool.close_expired()

    async def aclose(self) -> None:
        """Close all connections. Requests in flight and later ones raise TransportClosedError. May be called twice."""
        self._pool.close()

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        origin = origin_of(request)
        message = encode_head(request)
        body = body_of(request, message)
        if body:
            message += body
        timeouts: Timeouts = request.extensions.get("timeout") or _UNLIMITED
        connection = await self._pool.acquire(origin, timeouts)
        try:
            connection.parser.start(bodiless=request.method == "HEAD")
            try:
                await self._send(connection, message, timeouts)
                if body is None:
                    await self._send_stream(connection, request, timeouts)
            except httpx.WriteError as refused:
                await _hear_refusal(connection, refused, timeouts)
            else:
                sent = request.extensions.get("legion_sent")
                if sent is not None:
                    sent()
                read = timeouts.get("read")
                await connection.read_head(request.extensions.get("legion_first_byte", read), read)
        except BaseException:
            self._pool.release(connection)
            raise
        return self._response(request, connection, timeouts)

    async def _send(self, connection: Connection, message: bytes, timeouts: Timeouts) -> None:
        try:
            sent = connection.send_nowait(message)
        except OSError as error:
            if not connection.reused:
                raise httpx.WriteError(f"{connection.origin} broke the connection: {error}") from error
            await self._pool.renew(connection, timeouts)
            connection.parser.start(bodiless=message.startswith(b"HEAD "))
            sent = 0
        if sent < len(message):
            await connection.send(memoryview(message)[sent:], timeouts.get("write"))

    async def _send_stream(self, connection: Connection, request: httpx.Request, timeouts: Timeouts) -> None:
        write = timeouts.get("write")
        pieces, framing = framed_stream(request)
        try:
            async for piece in pieces:
                await connection.send(memoryview(framing.piece(piece)), write)
            await connection.send(memoryview(framing.end()), write)
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    def _response(self, request: httpx.Request, connection: Connection, timeouts: Timeouts) -> httpx.Response:
        parser = connection.parser
        status, headers, version = parser.status, parser.headers, parser.http_version
        arrived = parser.take_body()
        unfinished: Connection | None = connection
        if parser.complete:
            self._pool.release(connection)
            unfinished = None
        return httpx.Response(
            status,
            headers=headers,
            stream=ResponseBody(arrived, headers, unfinished, self._pool, request, timeouts.get("read")),
            request=request,
            extensions=_EXTENSIONS.get(version),
        )

    def _tls(self) -> ssl.SSLContext:
        """Return the context for https; ALPN is set once."""
        if self._ssl_context is None:
            self._ssl_context = ssl.create_default_context()
        if not self._alpn_set:
            self._ssl_context.set_alpn_protocols(["http/1.1"])
            self._alpn_set = True
        return self._ssl_context


async def _hear_refusal(connection: Connection, refused: httpx.WriteError, timeouts: Timeouts) -> None:
    """Read the answer of a server that refuses a large body and closes: it says more than our broken pipe does."""
    read = timeouts.get("read")
    try:
        await connection.read_head(read, read)
    except httpx.TransportError:
        raise refused from refused.__cause__
    connection.parser.keep_alive = False


def choose_transport(
    kind: Literal["legion", "httpx"],
    *,
    limits: TransportLimits | None = None,
    ssl_context: ssl.SSLContext | None = None,
    proxy: str | None = None,
    http2: bool = False,
) -> httpx.AsyncBaseTransport:
    """Return our transport, or httpx's own where a proxy or HTTP/2 is needed.

    Args:
        kind: "legion" or "httpx".
        limits: Bounds. httpx's transport knows only the number and the idle life of connections.
        ssl_context: Trust for https.
        proxy: Address of a proxy; only with "httpx".
        http2: Speak HTTP/2 where the server does; only with "httpx", and needs the `h2` library.

    Raises:
        ValueError: A proxy or HTTP/2 with "legion", or an unknown kind.
    """
    limits = limits or TransportLimits()
    if kind == "httpx":
        return _httpx_transport(limits, ssl_context, proxy, http2=http2)
    if kind != "legion":
        raise ValueError(f'unknown transport {kind!r}: "legion" or "httpx"')
    if proxy is not None or http2:
        raise ValueError('the "legion" transport speaks neither to proxies nor HTTP/2: choose "httpx"')
    return LegionTransport(limits=limits, ssl_context=ssl_context)


def _httpx_transport(
    limits: TransportLimits, ssl_context: ssl.SSLContext | None, proxy: str | None, *, http2: bool
) -> httpx.AsyncHTTPTransport:
    pool = httpx.Limits(
        max_connections=limits.max_connections,
        max_keepalive_connections=limits.max_idle_per_origin,
        keepalive_expiry=limits.idle_expiry,
    )
    return httpx.AsyncHTTPTransport(
        verify=ssl.create_default_context() if ssl_context is None else ssl_context,
        http2=http2,
        limits=pool,
        proxy=proxy,
    )
