"""An ask that would wait for itself fails at once and shows its way."""

from __future__ import annotations

import threading

import attrs
import pytest
import trio
from legion_llm.messages.base import Message
from legion_llm.messages.errors import AskCycle
from legion_llm.runtime import ASYNCIO, TRIO, Actor, ChildSpec, spawned
from legion_llm.runtime import address as address_module
from legion_llm.runtime.home import loop_thread
from zoo import SOON, Gate, shown, wait_for


@attrs.frozen(kw_only=True)
class Pass(Message[str]):
    """Ask the next of these; the last one answers.

    Attributes:
        way: Names of those still to be asked.
        at: Where this one waits before it asks on, or None.
    """

    way: tuple[str, ...] = ()
    at: Gate | None = None


@attrs.frozen(kw_only=True)
class PassBoth(Message[str]):
    """Ask two at once."""

    ways: tuple[tuple[str, ...], ...]


@attrs.frozen(kw_only=True)
class Stroll(Message[str]):
    """Ask on from a spawned handler."""

    way: tuple[str, ...] = ()


class Link(Actor[Pass | PassBoth | Stroll]):
    """Hands on what it is asked."""

    def __init__(self, address_of) -> None:
        super().__init__()
        self._address_of = address_of

    async def on_pass(self, message: Pass) -> str:
        if message.at is not None:
            await message.at.wait(loop_thread.home)
        return await self._on(message.way)

    async def on_pass_both(self, message: PassBoth) -> str:
        answers: list[str] = []

        async def ask(way):
            answers.append(await self._on(way))

        async with trio.open_nursery() as nursery:
            for way in message.ways:
                nursery.start_soon(ask, way)
        return " ".join(answers)

    @spawned
    async def on_stroll(self, message: Stroll) -> str:
        if not message.way:
            return "the end"
        return await self._address_of(message.way[0]).ask(Stroll(way=message.way[1:]))

    async def _on(self, way: tuple[str, ...]) -> str:
        return await self._address_of(way[0]).ask(Pass(way=way[1:])) if way else "the end"


@pytest.fixture
def links(make_system):
    """Make linked actors: "a" on trio, "b*" on asyncio."""

    def make(*names):
        system = make_system()
        for name in names:
            home = ASYNCIO if name.endswith("*") else TRIO
            system.add("", ChildSpec(name=name, factory=lambda: Link(system.address), home=home))
        return system

    return make


@pytest.mark.parametrize(
    "way",
    [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "b"), ("a", "b*", "a"), ("a*", "b", "c*", "a*")],
    ids="-".join,
)
def test_an_ask_along_its_own_way_is_refused_with_the_way(links, way):
    system = links(*sorted(set(way)))

    with pytest.raises(AskCycle) as caught:
        system.address(way[0]).request(Pass(way=way[1:])).get(SOON)

    assert caught.value.path == way
    assert " -> ".join(way) in str(caught.value)


def test_a_way_without_a_ring_is_gone(links):
    system = links("a", "b*", "c", "d*")

    assert system.address("a").request(Pass(way=("b*", "c", "d*"))).get(SOON) == "the end"


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b*"), ("a*", "b*")], ids="-".join)
def test_two_that_come_to_wait_for_each_other_are_refused(links, names, gate):
    one, two = names
    system = links(one, two)
    other = Gate()
    first = system.address(one).request(Pass(way=(two,), at=gate))
    second = system.address(two).request(Pass(way=(one,), at=other))
    gate.wait_arrived()
    other.wait_arrived()

    gate.open()  # now `one` waits in the mailbox of `two`, which is busy
    system_waits_for(system, one, two)
    other.open()

    with pytest.raises(AskCycle) as caught:
        second.get(SOON)
    assert caught.value.path == (two, one, two)
    assert first.get(SOON) == "the end"


def system_waits_for(system, one, two):
    """Return when the ask of `one` stands in the mailbox of `two`."""
    wait_for(lambda: shown(system, two)["mailbox"]["depth"])


def test_a_ring_through_one_of_several_asks_at_once_is_found(links, gate):
    system = links("a", "b", "c")
    other = Gate()
    busy = system.address("c").request(Pass(way=("a",), at=other))
    other.wait_arrived()
    asker = system.address("a").request(PassBoth(ways=(("b",), ("c",))))
    system_waits_for(system, "a", "c")

    other.open()

    with pytest.raises(AskCycle) as caught:
        busy.get(SOON)
    assert caught.value.path == ("c", "a", "c")
    assert asker.get(SOON) == "the end the end"


def test_spawned_handlers_may_pass_the_same_actor_again(links):
    system = links("a", "b")

    assert system.address("a").request(Stroll(way=("b", "a", "b", "a"))).get(SOON) == "the end"


def test_a_recursion_that_never_ends_is_ended(links):
    system = links("a", "b")

    with pytest.raises(AskCycle):
        system.address("a").request(Stroll(way=("b", "a") * 50)).get(SOON)


def test_after_a_refusal_the_actors_work_on(links):
    system = links("a", "b")
    with pytest.raises(AskCycle):
        system.address("a").request(Pass(way=("b", "a"))).get(SOON)

    assert system.address("a").request(Pass(way=("b",))).get(SOON) == "the end"
    assert [system.inspect(name)["tasks"] for name in "ab"] == [0, 0]


@pytest.fixture
def slow_look(monkeypatch):
    """Whoever looks for a ring goes on only when another has looked too."""
    looked, way = threading.Barrier(2), address_module._way

    def look(*args):
        found = way(*args)
        looked.wait(SOON)
        return found

    monkeypatch.setattr(address_module, "_way", look)


def test_two_loops_that_ask_each_other_at_the_same_moment_do_not_wait_for_ever(links, slow_look):
    system = links("a", "b*")

    both = [system.address("a").request(Pass(way=("b*",))), system.address("b*").request(Pass(way=("a",)))]

    assert "a ring" in {_end_of(reply) for reply in both}


def _end_of(reply):
    try:
        return reply.get(SOON)
    except AskCycle:
        return "a ring"


class Both(Actor[Pass | Stroll]):
    """Has one handler that runs beside the others and waits before a gate, and one that asks on and lets nobody in."""

    def __init__(self, gate: Gate, other) -> None:
        super().__init__()
        self._gate = gate
        self._other = other

    @spawned
    async def on_stroll(self, message: Stroll) -> str:
        await self._gate.wait(loop_thread.home)
        return "strolled"

    async def on_pass(self, message: Pass) -> str:
        message.at.open()  # from here on this actor waits for the other
        return await self._other().ask(Pass())


class Walker(Actor[Pass | Stroll]):
    """Asks for a stroll, and lets nobody in until it is over."""

    def __init__(self, other) -> None:
        super().__init__()
        self._other = other

    async def on_stroll(self, message: Stroll) -> str:
        return await self._other().ask(message)

    async def on_pass(self, message: Pass) -> str:
        return "passed"


def test_to_wait_for_a_spawned_handler_is_not_to_wait_for_its_actor(make_system, gate):
    """The walker waits for a stroll that is under way; the actor that strolls may well wait for the walker meanwhile."""
    system, asking = make_system(), Gate()
    system.add("", ChildSpec(name="both", factory=lambda: Both(gate, lambda: system.address("walker"))))
    system.add("", ChildSpec(name="walker", factory=lambda: Walker(lambda: system.address("both"))))
    stroll = system.address("walker").request(Stroll())
    gate.wait_arrived()

    passing = system.address("both").request(Pass(at=asking))
    system_waits_for(system, "both", "walker")
    gate.open()

    assert (stroll.get(SOON), passing.get(SOON)) == ("strolled", "passed")
