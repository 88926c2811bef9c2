from __future__ import annotations

import pytest
from legion_llm.actors.connection.first_content import FirstContent


class Reader:
    def __init__(self):
        self.chunks = []

    async def send(self, chunk):
        self.chunks.append(chunk)


@pytest.mark.trio
async def test_the_moment_of_the_first_content_is_kept_and_every_chunk_goes_through(text_chunk, start_chunk):
    reader, moments = Reader(), iter([5.0, 6.0])
    first = FirstContent(reader, lambda: next(moments))
    chunks = [start_chunk(), text_chunk("a"), text_chunk("b")]

    for chunk in chunks:
        await first.send(chunk)

    assert (first.at, reader.chunks) == (5.0, chunks)


@pytest.mark.trio
async def test_after_the_first_content_it_costs_nothing(text_chunk):
    reader = Reader()
    first = FirstContent(reader, lambda: 5.0)
    await first.send(text_chunk("a"))

    assert first.send == reader.send


@pytest.mark.trio
async def test_a_stream_without_content_has_no_such_moment(start_chunk):
    first = FirstContent(Reader(), lambda: 5.0)
    await first.send(start_chunk())

    assert first.at is None
