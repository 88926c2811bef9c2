"""A sink may be handed on, to an actor of either loop; the items go straight to the reader, and slow down for it."""

from __future__ import annotations

import asyncio

import pytest
from legion_llm.messages.errors import CancelledError
from legion_llm.runtime import ASYNCIO, TRIO, Actor, ChildSpec, Sink, spawned
from legion_llm.runtime.home import loop_thread
from zoo import SOON, Count, Doer, ExpectedError, Gate, shown, wait_for

ACROSS = pytest.mark.parametrize(
    ("near", "far"), [(TRIO, TRIO), (TRIO, ASYNCIO), (ASYNCIO, TRIO), (ASYNCIO, ASYNCIO)], ids=str
)


class Relay(Actor[Count]):
    """Lets another write into the stream that is wanted of it."""

    def __init__(self, other) -> None:
        super().__init__()
        self._other = other

    @spawned
    async def on_count(self, message: Count, sink: Sink) -> int:
        return await self._other.ask(message, sink=sink)


@pytest.fixture
def relayed(make_system):
    """Make a doer and a relay before it."""

    def make(near, far):
        system = make_system(ChildSpec(name="doer", factory=Doer, home=far))
        system.add("", ChildSpec(name="relay", factory=lambda: Relay(system.address("doer")), home=near))
        return system

    return make


@ACROSS
def test_a_stream_that_is_handed_on_comes_whole_though_its_reader_is_slow(relayed, near, far):
    stream = relayed(near, far).address("relay").stream(Count(to=200), capacity=4)

    assert list(stream) == list(range(200))
    assert stream.reply.get(SOON) == 200


@ACROSS
def test_a_failure_far_away_comes_after_the_items_before_it(relayed, near, far):
    stream = relayed(near, far).address("relay").stream(Count(to=2, fails=True))

    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(ExpectedError):
        next(stream)


@ACROSS
def test_closing_stops_all_that_write(relayed, near, far):
    system = relayed(near, far)
    stream = system.address("relay").stream(Count(to=10**9), capacity=4)
    next(stream)

    stream.close()

    with pytest.raises(CancelledError):
        stream.reply.get(SOON)
    wait_for(lambda: [shown(system, name)["tasks"] for name in ("relay", "doer")] == [0, 0])


@pytest.mark.parametrize("home", [TRIO, ASYNCIO], ids=str)
def test_a_stream_may_be_wanted_before_its_actor_has_started(make_system, home):
    system = make_system()
    stream = system.address("doer").stream(Count(to=20), capacity=4)

    system.add("", ChildSpec(name="doer", factory=Doer, home=home))

    assert list(stream) == list(range(20))
    assert shown(system, "doer")["crashes"] == 0


def test_a_cancelled_reader_under_asyncio_that_waits_stops_the_writer(make_system):
    gate = Gate()
    system = make_system(ChildSpec(name="silent", factory=lambda: Silent(gate)))
    stream = system.address("silent").stream(Count())

    async def main():
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.to_thread(gate.wait_arrived)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(main())
    gate.wait_left()
    with pytest.raises(CancelledError):
        stream.reply.get(SOON)


class Silent(Actor[Count]):
    """Begins a stream and says nothing."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    @spawned
    async def on_count(self, message: Count, sink: Sink) -> int:
        await self._gate.wait(loop_thread.home)
        return 0
