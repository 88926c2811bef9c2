"""The body of an answer in pieces: decompressed, and each of bounded size.

Only gzip is asked for; deflate is understood. httpx's decoders would do the same, but unfold at once whatever one read
of the socket holds: 64 KiB of a malicious server become 64 MiB.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable
from typing import Final

import httpx

from ...messages.errors import ProviderError

ACCEPTED: Final = "gzip"
PIECE_BYTES: Final = 256 * 1024

_ENCODING: Final = b"content-encoding"
_ENCODING_LENGTH: Final = len(_ENCODING)

# 32 lets zlib find out by itself whether it reads a gzip or a zlib header.
_ANY_HEADER: Final = zlib.MAX_WBITS | 32


class Pieces:
    """An iterator that several loops, one after the other, may go on with.

    A stream need only allow one: `async for` asks for its `__aiter__` each time, and some refuse the second.
    """

    __slots__ = ("_next",)

    def __init__(self, iterator: AsyncIterator[bytes]) -> None:
        self._next = iterator.__anext__

    def __aiter__(self) -> Pieces:
        return self

    # Not `async`: that would put a coroutine of its own around every read.
    def __anext__(self) -> Awaitable[bytes]:
        return self._next()


class InflatedBody:
    """The decompressed pieces of a body, as they arrive."""

    __slots__ = ("_inflate", "_pieces", "_waiting")

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._inflate = zlib.decompressobj(_ANY_HEADER)
        self._waiting = b""

    def __aiter__(self) -> InflatedBody:
        return self

    async def __anext__(self) -> bytes:
        while True:
            data = self._waiting or await self._pieces.__anext__()
            piece = self._inflated(data)
            if piece:
                return piece

    def _inflated(self, data: bytes) -> bytes:
        try:
            piece = self._inflate.decompress(data, PIECE_BYTES)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error
        self._waiting = self._inflate.unconsumed_tail
        if self._inflate.eof:
            # gzip may be several documents in a row; each has its own state.
            self._waiting = self._inflate.unused_data
            self._inflate = zlib.decompressobj(_ANY_HEADER)
        return piece


def decoded(response: httpx.Response, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Return `pieces` as the response's Content-Encoding says.

    Raises:
        ProviderError: The server compressed in a way nobody asked for.
    """
    encoding = _encoding_of(response)
    if encoding in {"", "identity"}:
        return Pieces(pieces)
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return InflatedBody(pieces)
    raise ProviderError(f"the answer is encoded as {encoding!r}, which was not asked for", status=response.status_code)


def _encoding_of(response: httpx.Response) -> str:
    # Over the raw list: httpx's look-up decodes every header first, which costs more than all the rest of this file.
    for name, value in response.headers.raw:
        if len(name) == _ENCODING_LENGTH and name.lower() == _ENCODING:
            return value.decode("latin-1").strip().lower()
    return ""
