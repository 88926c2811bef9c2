"""Reading the body of a request within its limits."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import Receive

from ...messages.errors import RequestTooLargeError
from ...messages.settings import ApiSettings
from .faults import ClientGone, too_large, too_slow, wrong_encoding, wrong_media_type
from .identity import Headers
from .json_depth import is_deeper_than

_JSON: Final = b"application/json"


class JsonBody:
    """The body of one request; it is read, or refused and thrown away.

    Args:
        headers: The request's, names in lower case.
        receive: Where the body comes from.
        limits: What it may be.
        is_here: Whether it has arrived, so that it need not be waited for.
    """

    __slots__ = ("_complete", "_headers", "_is_here", "_limits", "_receive")

    def __init__(self, headers: Headers, receive: Receive, limits: ApiSettings, *, is_here: bool = False) -> None:
        self._is_here = is_here
        self._headers = headers
        self._receive = receive
        self._limits = limits
        self._complete = False

    async def read(self) -> bytes:
        """Return the whole body.

        Raises:
            HttpFault: 408 (too slow), 413 (too large) or 415 (not JSON).
            RequestTooLargeError: Nested too deeply.
            ClientGone: The client left before the end of the body.
        """
        limits = self._limits
        _check_head(self._headers, limits.max_body_bytes)
        body = await (self._read_pieces(limits.max_body_bytes) if self._is_here else self._read_in_time(limits))
        if is_deeper_than(limits.max_json_depth, body):
            raise RequestTooLargeError(f"the JSON nests deeper than {limits.max_json_depth} levels")
        return body

    async def discard(self, timeout: float) -> None:
        """Throw away what is still to come, for `timeout` seconds at most.

        A connection that is closed with unread data is reset, and then a client that is still sending may never get to read the answer.
        """
        try:
            async with asyncio.timeout(timeout):
                while not self._complete:
                    await self._piece()
        except (TimeoutError, ClientGone):
            return

    async def _read_in_time(self, limits: ApiSettings) -> bytes:
        try:
            async with asyncio.timeout(limits.body_timeout):
                return await self._read_pieces(limits.max_body_bytes)
        except TimeoutError:
            raise too_slow(limits.body_timeout) from None

    async def _read_pieces(self, limit: int) -> bytes:
        first = await self._piece()
        _check_size(first, limit)
        return first if self._complete else await self._read_rest(first, limit)

    async def _read_rest(self, first: bytes, limit: int) -> bytes:
        body = bytearray(first)
        while not self._complete:
            body += await self._piece()
            _check_size(body, limit)
        return bytes(body)

    async def _piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._complete = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece


def _check_size(body: bytes | bytearray, limit: int) -> None:
    if len(body) > limit:
        raise too_large(limit)


def _check_head(headers: Headers, max_body_bytes: int) -> None:
    content_type = b""
    for name, value in headers:
        if name == b"content-type":
            content_type = value
        elif name == b"content-length" and int(value) > max_body_bytes:
            raise too_large(max_body_bytes)
        elif name == b"content-encoding" and value.lower() not in (b"", b"identity"):
            raise wrong_encoding(value.decode("latin-1"))
    if content_type != _JSON and content_type.partition(b";")[0].strip().lower() != _JSON:
        raise wrong_media_type(content_type.decode("latin-1"))
