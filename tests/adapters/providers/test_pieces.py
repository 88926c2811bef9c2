from __future__ import annotations

import gzip
import zlib

import httpx
import pytest
from legion_llm.adapters.providers.pieces import PIECE_BYTES, InflatedBody, decoded
from legion_llm.messages.errors import ProviderError

TEXT = b"Let it be known. " * 100


class Pieces:
    """An async iterator over bytes that are already there."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = iter(pieces)

    def __aiter__(self):
        return self

    async def __anext__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            raise StopAsyncIteration from None


async def collect(body) -> list[bytes]:
    return [piece async for piece in body]


@pytest.mark.trio
@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
async def test_a_compressed_body_comes_out_whole_however_it_is_cut(compress):
    data = compress(TEXT)
    pieces = [data[at : at + 7] for at in range(0, len(data), 7)]

    inflated = await collect(InflatedBody(Pieces(*pieces)))

    assert b"".join(inflated) == TEXT


@pytest.mark.trio
async def test_several_gzip_documents_in_a_row_are_one_body():
    inflated = await collect(InflatedBody(Pieces(gzip.compress(b"one ") + gzip.compress(b"two"))))

    assert b"".join(inflated) == b"one two"


@pytest.mark.trio
async def test_a_bomb_unfolds_in_pieces_of_bounded_size():
    bomb = gzip.compress(bytes(5 * PIECE_BYTES))

    inflated = await collect(InflatedBody(Pieces(bomb)))

    assert max(map(len, inflated)) <= PIECE_BYTES
    assert sum(map(len, inflated)) == 5 * PIECE_BYTES


@pytest.mark.trio
async def test_what_is_not_compressed_cannot_be_decompressed():
    with pytest.raises(httpx.DecodingError):
        await collect(InflatedBody(Pieces(b"plain text")))


@pytest.mark.trio
async def test_a_body_without_encoding_passes_as_it_is():
    assert await collect(decoded(httpx.Response(200), Pieces(b"a", b"b"))) == [b"a", b"b"]


@pytest.mark.trio
async def test_a_second_loop_goes_on_where_the_first_left_off():
    class Once(Pieces):
        used = False

        def __aiter__(self):
            assert not self.used
            self.used = True
            return self

    body = decoded(httpx.Response(200), Once(b"a", b"b").__aiter__())
    async for first in body:
        assert first == b"a"
        break

    assert await collect(body) == [b"b"]


def test_an_encoding_that_nobody_asked_for_is_refused():
    with pytest.raises(ProviderError, match="'br'"):
        decoded(httpx.Response(200, headers={"Content-Encoding": "br"}), Pieces())
