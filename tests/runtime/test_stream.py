"""An answer in many items: in a thread, under asyncio, under trio; as fast as its reader, never faster."""

from __future__ import annotations

import asyncio
import gc

import attrs
import pytest
import trio
from legion_llm.messages.base import StreamMessage
from legion_llm.messages.errors import CancelledError, DeadlineExceeded, RuntimeFault
from legion_llm.runtime import ASYNCIO, TRIO, Actor, ChildSpec, Sink, spawned
from legion_llm.runtime.home import loop_thread
from zoo import SOON, Count, Doer, ExpectedError, wait_for


@attrs.frozen(kw_only=True)
class Pour(StreamMessage[int, int]):
    """Send items without end."""


class Spring(Actor[Pour]):
    """Counts what it has sent, and how often it was stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.stopped = 0

    @spawned
    async def on_pour(self, message: Pour, sink: Sink) -> int:
        try:
            while True:
                await sink.send(self.sent)
                self.sent += 1
        finally:
            self.stopped += 1

    def snapshot(self):
        return {"sent": self.sent, "stopped": self.stopped}


@pytest.fixture(params=[TRIO, ASYNCIO], ids=str)
def doer(request, make_system):
    return make_system(ChildSpec(name="doer", factory=Doer, home=request.param)).address("doer")


@pytest.fixture(params=[TRIO, ASYNCIO], ids=str)
def spring(request, make_system):
    return make_system(ChildSpec(name="spring", factory=Spring, home=request.param))


def wait_until(system, **state):
    """Return when the spring's state is so; it stands still then, for its writer is slowed or gone."""

    def is_so():
        snapshot = system.inspect("spring")["snapshot"]
        return snapshot == {**snapshot, **state}

    wait_for(is_so)


def in_a_thread(stream, most=None):
    items = []
    for item in stream:
        items.append(item)
        if len(items) == most:
            break
    return items


def under_asyncio(stream, most=None):
    return asyncio.run(_read(stream, most))


def under_trio(stream, most=None):
    return trio.run(_read, stream, most)


async def _read(stream, most):
    items = []
    async for item in stream:
        items.append(item)
        if len(items) == most:
            break
    return items


FORMS = pytest.mark.parametrize("read", [in_a_thread, under_asyncio, under_trio])


@FORMS
def test_the_items_come_in_order_and_then_the_whole_answer(doer, read):
    stream = doer.stream(Count(to=1000))

    assert read(stream) == list(range(1000))
    assert stream.reply.get(SOON) == 1000


@FORMS
def test_an_empty_stream_ends_at_once(doer, read):
    assert read(doer.stream(Count(to=0))) == []


@FORMS
def test_a_failure_comes_after_the_items_that_came_before_it(doer, read):
    stream = doer.stream(Count(to=3, fails=True))
    first = read(stream, most=3)

    with pytest.raises(ExpectedError, match="after the last number"):
        read(stream)

    assert first == [0, 1, 2]


@FORMS
def test_a_slow_reader_slows_the_writer(spring, read):
    stream = spring.address("spring").stream(Pour(), capacity=8)
    wait_until(spring, sent=7)

    assert read(stream, most=20) == list(range(20))
    assert spring.inspect("spring")["snapshot"]["sent"] <= 20 + 8
    stream.close()


@FORMS
def test_closing_early_stops_the_writer(spring, read):
    stream = spring.address("spring").stream(Pour())
    read(stream, most=3)

    stream.close()
    stream.close()

    wait_until(spring, stopped=1)
    with pytest.raises(CancelledError):
        stream.reply.get(SOON)


def test_leaving_a_with_block_stops_the_writer(spring):
    with spring.address("spring").stream(Pour()) as stream:
        assert next(stream) == 0

    wait_until(spring, stopped=1)


@pytest.mark.parametrize("run", [asyncio.run, lambda main: trio.run(lambda: main)], ids=["asyncio", "trio"])
def test_leaving_an_async_with_block_stops_the_writer(spring, run):
    async def main():
        async with spring.address("spring").stream(Pour()) as stream:
            assert await anext(stream) == 0

    run(main())
    wait_until(spring, stopped=1)


def test_a_stream_that_is_forgotten_stops_its_writer(spring):
    stream = spring.address("spring").stream(Pour())
    next(stream)

    del stream
    gc.collect()

    wait_until(spring, stopped=1)


def test_a_cancelled_reader_under_asyncio_stops_the_writer(make_system, gate):
    system = make_system(ChildSpec(name="spring", factory=Spring))
    stream = system.address("spring").stream(Pour())

    async def main():
        async with asyncio.timeout(0.05):
            async for _ in stream:
                await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    stream.close()
    wait_until(system, stopped=1)


def test_a_cancelled_reader_under_trio_stops_the_writer(make_system, doer, gate):
    """The reader waits for an item that never comes."""
    system = make_system(ChildSpec(name="doer", factory=lambda: Silent(gate)))
    stream = system.address("doer").stream(Count())

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_read, stream, None)
            await trio.to_thread.run_sync(gate.wait_arrived)
            nursery.cancel_scope.cancel()

    trio.run(main)
    gate.wait_left()


class Silent(Actor[Count]):
    """Begins a stream and says nothing."""

    def __init__(self, gate) -> None:
        super().__init__()
        self._gate = gate

    @spawned
    async def on_count(self, message: Count, sink: Sink) -> int:
        await self._gate.wait(loop_thread.home)
        return 0


def test_a_deadline_holds_for_the_whole_stream(spring):
    stream = spring.address("spring").stream(Pour(), timeout=0.1)

    with pytest.raises(DeadlineExceeded):
        in_a_thread(stream)

    wait_until(spring, stopped=1)


def test_an_actor_that_dies_ends_its_streams(spring):
    stream = spring.address("spring").stream(Pour())
    next(stream)

    spring.kill("spring")

    with pytest.raises(RuntimeFault):
        in_a_thread(stream)


class Greedy(Actor[Count]):
    """Iterates where it must not."""

    def __init__(self, other) -> None:
        super().__init__()
        self._other = other

    @spawned
    async def on_count(self, message: Count, sink: Sink) -> int:
        try:
            next(self._other.stream(message))
        except RuntimeFault:
            return -1
        return 0


def test_iterating_on_the_actors_own_loop_is_refused(make_system):
    system = make_system(ChildSpec(name="doer", factory=Doer))
    system.add("", ChildSpec(name="greedy", factory=lambda: Greedy(system.address("doer"))))

    assert system.address("greedy").stream(Count(to=1)).reply.get(SOON) == -1


def test_who_asks_for_a_stream_and_has_no_place_for_its_items_is_refused(doer):
    with pytest.raises(RuntimeFault, match="Count is answered by a stream"):
        doer.request(Count()).get(SOON)

    assert in_a_thread(doer.stream(Count(to=2))) == [0, 1]
