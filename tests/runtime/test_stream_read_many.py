"""Reading several items of a stream at once."""

from __future__ import annotations

import asyncio

import pytest
import trio
from legion_llm.messages.errors import CancelledError, RuntimeFault
from legion_llm.runtime import Reply, Stream
from legion_llm.runtime.stream import Channel


class Writer:
    """Stands for the writer's task: remembers whether it was woken."""

    def __init__(self):
        self.woken = False

    async def park(self):
        """Goes on at once; the test looks at `woken`."""

    def unpark(self):
        self.woken = True


@pytest.fixture
def writer():
    return Writer()


@pytest.fixture
def channel(writer):
    return Channel(4, lambda: writer)


@pytest.fixture
def stream(channel):
    return Stream(channel, Reply())


@pytest.mark.trio
async def test_all_items_that_wait_are_read_together(channel, stream):
    for item in "abc":
        await channel.send(item)

    assert await stream.read_many() == ["a", "b", "c"]
    stream.close()


@pytest.mark.trio
async def test_reading_waits_for_the_first_item(channel, stream, autojump_clock):
    async def write():
        await trio.sleep(1)
        await channel.send("late")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        items = await stream.read_many()

    assert items == ["late"]
    stream.close()


def test_reading_works_under_asyncio(channel, stream):
    async def read():
        reading = asyncio.ensure_future(stream.read_many())
        await asyncio.sleep(0)
        await channel.send("late")
        return await reading

    assert asyncio.run(read()) == ["late"]
    stream.close()


@pytest.mark.trio
async def test_at_the_end_there_is_nothing(channel, stream):
    await channel.send("last")
    stream.reply.set("answer")

    assert [await stream.read_many(), await stream.read_many()] == [["last"], []]


@pytest.mark.trio
async def test_a_failure_comes_after_the_items_before_it(channel, stream):
    await channel.send("last")
    stream.reply.fail(RuntimeFault("broken"))

    assert await stream.read_many() == ["last"]
    with pytest.raises(RuntimeFault, match="broken"):
        await stream.read_many()


@pytest.mark.trio
async def test_a_writer_that_was_held_back_goes_on(channel, stream, writer):
    for item in range(4):
        await channel.send(item)

    await stream.read_many()

    assert writer.woken
    stream.close()


@pytest.mark.trio
async def test_a_closed_stream_is_over(channel, stream):
    await channel.send("dropped")
    stream.close()

    with pytest.raises(CancelledError):
        await stream.read_many()
