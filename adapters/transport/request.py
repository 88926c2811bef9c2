"""A request into bytes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import lru_cache

import httpx

from .limits import Origin

_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(rb"[^\x00-\x20\x7f]+")


def origin_of(request: httpx.Request) -> Origin:
    """Return where a request goes.

    Raises:
        httpx.UnsupportedProtocol: Neither http nor https, or no host.
    """
    url = request.url
    scheme = url.scheme
    host = url.raw_host
    if scheme not in _PORTS or not host:
        raise httpx.UnsupportedProtocol(f"not an http or https address: {scheme}://{url.host}")
    return Origin(scheme, host.decode("ascii"), url.port or _PORTS[scheme])


def encode_head(request: httpx.Request) -> bytes:
    """Return request line and headers, in the order and case that httpx has them.

    Raises:
        httpx.LocalProtocolError: A part contains what would change the meaning of another (CR, LF, NUL, a name that
            is no token), the method is CONNECT, or the body's length is told in two ways.
    """
    method, target = request.method.encode("ascii", "replace"), request.url.raw_path
    headers = request.headers.raw
    if not is_token(method) or method == b"CONNECT" or _TARGET.fullmatch(target) is None:
        raise httpx.LocalProtocolError(f"illegal method or target: {request.method!r}")
    parts = [method, b" ", target, b" HTTP/1.1\r\n"]
    for name, value in headers:
        if not is_token(name):
            raise httpx.LocalProtocolError(f"illegal header name: {name!r}")
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n")
    head = b"".join(parts)
    # Counted once for all, instead of searched in each value: only our own line ends may be there.
    lines = len(headers) + 2
    if head.count(b"\r") != lines or head.count(b"\n") != lines or b"\0" in head:
        raise httpx.LocalProtocolError("a header value contains CR, LF or NUL (it is not shown, it may be a secret)")
    return head


@lru_cache(maxsize=1024)
def is_token(name: bytes) -> bool:
    """Whether a name consists of what RFC 9110 (5.6.2) allows in one; the same few are asked for every time."""
    return _TOKEN.fullmatch(name) is not None


def body_of(request: httpx.Request, head: bytes) -> bytes | None:
    """Return the body if it is in memory, None if it is a stream.

    Raises:
        httpx.LocalProtocolError: The body is in memory, but the head announces another framing.
    """
    if not isinstance(request.stream, httpx.ByteStream):
        return None
    # Asking httpx's headers decodes them all; most heads do not even contain the word.
    if b"transfer-encoding" in head.lower() and "transfer-encoding" in request.headers:
        raise httpx.LocalProtocolError("a body in memory is sent with its length, not with a transfer encoding")
    return request.content


class ChunkedFraming:
    """Frames a body of unknown length."""

    def piece(self, data: bytes) -> bytes:
        """Return a chunk; nothing for nothing, because an empty chunk would be the last."""
        return b"%x\r\n%b\r\n" % (len(data), data) if data else b""

    def end(self) -> bytes:
        """Return what follows the last piece."""
        return b"0\r\n\r\n"


class MeasuredFraming:
    """Counts a body whose length its Content-Length has promised. Raises httpx.LocalProtocolError if it is not kept."""

    def __init__(self, promised: int) -> None:
        self._left = promised

    def piece(self, data: bytes) -> bytes:
        """Return `data`."""
        self._left -= len(data)
        if self._left < 0:
            raise httpx.LocalProtocolError("the body is longer than its Content-Length says")
        return data

    def end(self) -> bytes:
        """Return what follows the last piece: nothing."""
        if self._left:
            raise httpx.LocalProtocolError(f"the body is {self._left} bytes shorter than its Content-Length says")
        return b""


def framed_stream(request: httpx.Request) -> tuple[AsyncIterator[bytes], ChunkedFraming | MeasuredFraming]:
    """Return a streamed body and how it goes over the wire.

    Raises:
        httpx.LocalProtocolError: The stream is not async, or its Content-Length is no number.
    """
    if not isinstance(request.stream, httpx.AsyncByteStream):
        raise httpx.LocalProtocolError("the body is a synchronous stream; an async transport needs an async one")
    promised = request.headers.get("content-length")
    if promised is None:
        return aiter(request.stream), ChunkedFraming()
    if not promised.isdecimal():
        raise httpx.LocalProtocolError(f"Content-Length is no number: {promised!r}")
    return aiter(request.stream), MeasuredFraming(int(promised))
