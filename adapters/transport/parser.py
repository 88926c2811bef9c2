"""Bytes into a response: llhttp's callbacks, and the bounds llhttp does not have. Knows no socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httptools
import httpx

from .limits import TransportLimits

_SWITCHING_PROTOCOLS = 101
_OK = 200
_BODILESS = frozenset({204, 304})


class _SurplusError(Exception):
    """A second response begins where none was asked for: stops llhttp before it mixes with the first."""


class ResponseParser:
    """Reads the responses of one connection, one after the other.

    `start()` before each; `feed()` what arrives; look at the attributes. After an error it is of no more use.

    Attributes:
        status: Status code, once `head_complete`.
        headers: Raw names and values, once `head_complete`.
        chunks: Body pieces, not taken yet.
        head_complete: The final (not 1xx) head has arrived.
        complete: The whole response has arrived.
        keep_alive: The connection may serve another request, once `complete`.
    """

    # `on_body` is the `append` of `chunks` itself: a body piece costs no Python call.
    __slots__ = (
        "_bodiless",
        "_framing_left",
        "_head_left",
        "_limits",
        "_llhttp",
        "_refusal",
        "chunks",
        "complete",
        "head_complete",
        "headers",
        "keep_alive",
        "on_body",
        "status",
    )

    def __init__(self, limits: TransportLimits) -> None:
        self._limits = limits
        self.chunks: list[bytes] = []
        self.on_body: Callable[[bytes], None] = self.chunks.append
        self.start(bodiless=False)
        self._llhttp: Any = httptools.HttpResponseParser(self)

    def start(self, *, bodiless: bool) -> None:
        """Expect a response; `bodiless` says that its request was a HEAD."""
        self._bodiless = bodiless
        self._head_left = self._limits.max_header_bytes
        self._framing_left = self._limits.max_framing_bytes
        self._refusal: str | None = None
        self.chunks.clear()
        self.headers: list[tuple[bytes, bytes]] = []
        self.status = 0
        self.head_complete = self.complete = self.keep_alive = False

    def release(self) -> None:
        """Let go of llhttp, which holds our methods: without the ring nobody has to wait for the garbage collector."""
        self._llhttp = None

    @property
    def http_version(self) -> str:
        """Version of the response that was read last, like "1.1"."""
        version: str = self._llhttp.get_http_version()
        return version

    def feed(self, data: bytes) -> None:
        """Parse `data`; b"" means that the server sent its end of file.

        Raises:
            httpx.RemoteProtocolError: It is not HTTP, over a limit, or ends too early.
        """
        if not data:
            self._feed_eof()
        elif self.head_complete:
            self._feed_body(data)
        else:
            self._feed_head(data)

    def take_body(self) -> bytes:
        """Return the body pieces that have arrived since the last call, b"" if none."""
        chunks = self.chunks
        if not chunks:
            return b""
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        return data

    # llhttp calls these.

    def on_message_begin(self) -> None:
        """A status line begins."""
        if self.complete:
            raise _SurplusError

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or after the body a trailer: those are dropped, httpx has no place for them."""
        if not self.head_complete:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The empty line after the headers. Flags are read here: llhttp forgets them at the end of the body."""
        status = self._llhttp.get_status_code()
        if len(self.headers) > self._limits.max_headers:
            self._refusal = f"the response has more than {self._limits.max_headers} headers"
        if status < _OK:
            self._interim(status)
            return
        self.status = status
        self.keep_alive = self._llhttp.should_keep_alive()
        self.head_complete = True

    def on_message_complete(self) -> None:
        """The end of a response, or of an interim one."""
        if self.head_complete:
            self.complete = True

    def _interim(self, status: int) -> None:
        """Skip 100 Continue and 103 Early Hints; they are bounded by the size of the head they count to."""
        if status <= _SWITCHING_PROTOCOLS - 2 or status == _SWITCHING_PROTOCOLS:
            self._refusal = f"unexpected status {status}"
        self.headers.clear()

    def _feed_head(self, data: bytes) -> None:
        allowed = self._head_left
        self._head_left = allowed - len(data)
        if self._head_left >= 0:
            self._execute(data)
        else:
            self._execute(data[:allowed])
            if not self.head_complete:
                limit = self._limits.max_header_bytes
                raise httpx.RemoteProtocolError(f"the response head is larger than {limit} bytes")
            self._execute(data[allowed:])
        if self.head_complete and (self._bodiless or self.status in _BODILESS):
            self._end_without_body()

    def _end_without_body(self) -> None:
        # llhttp cannot be told that a response answers a HEAD. If it waits for a body now, it is out of step with the
        # server, so the connection must not be used again.
        if not self.complete:
            self.complete = True
            self.keep_alive = False
        self.chunks.clear()

    def _feed_body(self, data: bytes) -> None:
        self._execute(data)
        if self.chunks:
            self._framing_left = self._limits.max_framing_bytes
            return
        self._framing_left -= len(data)
        if self._framing_left < 0 and not self.complete:
            limit = self._limits.max_framing_bytes
            raise httpx.RemoteProtocolError(f"more than {limit} bytes of chunk extension or trailers")

    def _execute(self, data: bytes) -> None:
        try:
            self._llhttp.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.complete:
                raise httpx.RemoteProtocolError(f"malformed response: {self._refusal or error}") from error
            # The response is whole; what follows it is nobody's answer.
            self.keep_alive = False
        if self._refusal is not None:
            raise httpx.RemoteProtocolError(f"malformed response: {self._refusal}")

    def _feed_eof(self) -> None:
        if self._head_left == self._limits.max_header_bytes:
            raise httpx.RemoteProtocolError("the server closed the connection without sending a response")
        if not self.head_complete:
            raise httpx.RemoteProtocolError("the server closed the connection inside the response head")
        if not self._ends_at_eof():
            raise httpx.RemoteProtocolError("incomplete body: the server closed the connection before its end")
        self.complete = True
        self.keep_alive = False

    def _ends_at_eof(self) -> bool:
        """Whether the body has no end of its own (RFC 9112, 6.3). llhttp knows, but httptools does not say."""
        codings = [value for name, value in self.headers if name.lower() == b"transfer-encoding"]
        if codings:
            return b",".join(codings).lower().rpartition(b",")[2].strip() != b"chunked"
        return all(name.lower() != b"content-length" for name, _ in self.headers)
