"""Whoever sleeps is woken, whatever becomes of the loop that was to wake it."""

from __future__ import annotations

import asyncio
import queue
import threading

import pytest
import trio
from legion_llm.messages.errors import LegionError
from legion_llm.runtime import ASYNCIO, Actor, ChildSpec
from legion_llm.runtime.cell import CellState
from virtual_clock import VirtualClock
from zoo import SOON, Add, Clerk, Hold, Note, Notes, Porter


class Blocker(Actor[Add]):
    """Tells another something, and then blocks its own loop."""

    def __init__(self, other, entered: threading.Event, release: threading.Event) -> None:
        super().__init__()
        self._other, self._entered, self._release = other, entered, release

    def on_add(self, message: Add) -> int:
        self._other.tell(Note(what="told before"))
        self._entered.set()
        self._release.wait(SOON)
        return message.number


@pytest.fixture
def release():
    """Releases the loop that is blocked, at the latest at the end."""
    release = threading.Event()
    yield release
    release.set()


def test_a_loop_that_is_blocked_does_not_keep_others_from_waking_the_other_loop(make_system, release):
    """It may have promised to do so: whoever comes next must not rely on that."""
    system, entered = (
        make_system(ChildSpec(name="clerk", factory=Clerk), ChildSpec(name="b", factory=Clerk)),
        threading.Event(),
    )
    blocker = ChildSpec(
        name="blocker", factory=lambda: Blocker(system.address("clerk"), entered, release), home=ASYNCIO
    )
    system.add("", blocker)
    system.address("blocker").tell(Add())
    assert entered.wait(SOON)

    assert system.address("b").request(Add(number=2)).get(SOON / 2) == 2
    assert system.address("clerk").request(Notes()).get(SOON / 2) == ("told before",)


@pytest.mark.parametrize("home", ["trio", "asyncio"])
@pytest.mark.parametrize("run", [lambda main: asyncio.run(main()), trio.run], ids=["host asyncio", "host trio"])
@pytest.mark.parametrize("loss", ["shutdown", "lost"])
def test_a_host_that_awaits_an_answer_hears_of_the_end(make_system, gate, home, run, loss):
    """Also what was still in the mailbox is answered, by a loop that turns no more."""
    system = make_system(ChildSpec(name="porter", factory=lambda: Porter(gate), home=home))
    system.address("porter").request(Hold())
    gate.wait_arrived()
    reply = system.address("porter").request(Hold())
    ending = threading.Thread(target=_end, args=(system, loss, home))

    async def main():
        waiting = threading.Timer(0.0, ending.start)  # after this coroutine has begun to wait, or before: both must do
        waiting.start()
        with pytest.raises(LegionError):
            await reply.within(SOON)
        assert not reply.cancelled

    run(main)
    ending.join(SOON)


def _end(system, loss, home):
    if loss == "shutdown":
        system.shutdown(drain=0.0)
    else:
        system._home(system._cells["porter"].home_kind).post(_explode)


def _explode():
    raise SystemExit


class Teller(Actor[Add | Note]):
    """Leaves notes with another, who lives elsewhere."""

    def __init__(self, other) -> None:
        super().__init__()
        self._other = other

    def on_note(self, message: Note) -> None:
        self._other.leave(message)

    async def on_add(self, message: Add) -> int:
        for number in range(message.number):
            self._other.leave(Note(what=number))
        return await self._other.ask(message)


class Listener(Actor[Note]):
    """Says aloud what it hears."""

    def __init__(self, heard: queue.Queue) -> None:
        super().__init__()
        self._heard = heard

    def on_note(self, message: Note) -> None:
        self._heard.put(message.what)


@pytest.mark.parametrize(("home", "other"), [("trio", "asyncio"), ("asyncio", "trio"), ("trio", "trio")])
def test_what_is_left_is_heard_though_nobody_waits_for_it(make_system, home, other):
    heard = queue.Queue()
    system = make_system(ChildSpec(name="listener", factory=lambda: Listener(heard), home=other))
    system.add("", ChildSpec(name="teller", factory=lambda: Teller(system.address("listener")), home=home))

    system.address("teller").tell(Note(what="left"))

    assert heard.get(timeout=SOON) == "left"


def test_what_is_left_from_a_hosts_thread_is_heard(make_system):
    heard = queue.Queue()
    system = make_system(ChildSpec(name="listener", factory=lambda: Listener(heard), home="asyncio"))

    assert system.address("listener").leave(Note(what="left"))

    assert heard.get(timeout=SOON) == "left"


@pytest.mark.parametrize(("home", "other"), [("trio", "asyncio"), ("asyncio", "trio"), ("trio", "trio")])
def test_an_ask_is_answered_at_once_and_after_what_was_left_before(make_system, home, other):
    system = make_system(ChildSpec(name="clerk", factory=Clerk, home=other), clock=VirtualClock())
    system.add("", ChildSpec(name="teller", factory=lambda: Teller(system.address("clerk")), home=home))

    assert system.address("teller").request(Add(number=5)).get(SOON) == 5

    assert system.address("clerk").request(Notes()).get(SOON) == (0, 1, 2, 3, 4)


def test_what_is_left_with_an_actor_that_is_gone_is_a_dead_letter(make_system):
    system = make_system()
    cell = system.cell("gone")
    cell.close(CellState.STOPPED)

    assert not system.address("gone").leave(Note(what="left"))

    assert system.describe()["dead_letters"]["total"] == 1
