from __future__ import annotations

import pytest
from legion_llm.actors.inference.attempts.tap import Tap
from legion_llm.messages.chat import Begun, Chunk, ChunkKind, StopReason, Usage

START = Chunk(kind=ChunkKind.START, model="m")
OPENED = Chunk(kind=ChunkKind.BLOCK_START, block_kind="text")
CONTENT = Chunk(kind=ChunkKind.DELTA, block_kind="text", delta="hi")
THOUGHT = Chunk(kind=ChunkKind.DELTA, block_kind="thinking", delta="hm")
CALL = Chunk(kind=ChunkKind.BLOCK_START, block_kind="tool_use", tool_id="call_1", tool_name="look")
USAGE = Chunk(kind=ChunkKind.USAGE, usage=Usage(visible_output=1))
END = Chunk(kind=ChunkKind.END, stop_reason=StopReason.END_TURN)


class Reader:
    def __init__(self):
        self.read = []

    async def send(self, chunk):
        self.read.append(chunk)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def tap(reader):
    return Tap(reader, lambda: None)


async def send(tap, *chunks):
    for chunk in chunks:
        await tap.send(chunk)


@pytest.mark.trio
async def test_what_shows_nothing_is_held_back(tap, reader):
    await send(tap, START, OPENED, USAGE)

    assert reader.read == []
    assert not tap.committed


@pytest.mark.trio
@pytest.mark.parametrize("content", [CONTENT, THOUGHT, CALL])
async def test_the_first_content_takes_along_what_came_before_it_in_order(tap, reader, content):
    await send(tap, START, OPENED, content)

    assert reader.read == [START, OPENED, content]
    assert tap.committed


@pytest.mark.trio
async def test_the_first_chunk_that_is_seen_tells_where_it_comes_from(reader):
    begun = Begun(conversation_id="c")

    await send(Tap(reader, lambda: begun), START, OPENED, CONTENT, CONTENT)

    assert [chunk.begun for chunk in reader.read] == [begun, None, None, None]


@pytest.mark.trio
async def test_after_the_first_content_everything_passes_at_once(tap, reader):
    await send(tap, START, CONTENT)

    for chunk in (USAGE, CONTENT, END):
        await tap.send(chunk)
        assert reader.read[-1] is chunk


@pytest.mark.trio
async def test_no_chunk_is_lost_or_sent_twice(tap, reader):
    chunks = [START, OPENED, CONTENT, CONTENT, USAGE, END]

    await send(tap, *chunks)
    await tap.commit()

    assert reader.read == chunks


@pytest.mark.trio
async def test_an_answer_without_content_is_passed_on_when_it_has_succeeded(tap, reader):
    await send(tap, START, OPENED, END)

    await tap.commit()

    assert reader.read == [START, OPENED, END]
    assert tap.committed


@pytest.mark.trio
async def test_what_a_failed_attempt_had_said_is_forgotten_with_its_tap(tap, reader):
    await send(tap, START, OPENED)
    following = Tap(reader, lambda: None)

    await send(following, START, CONTENT)

    assert reader.read == [START, CONTENT]


@pytest.mark.trio
async def test_what_is_held_back_is_bounded(tap, reader):
    await send(tap, *[USAGE] * 64)
    before = len(reader.read)

    await tap.send(USAGE)

    assert (before, len(reader.read), tap.committed) == (0, 65, True)
