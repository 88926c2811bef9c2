"""Actors that end have tasks that end; also those that clean up slowly, stubbornly, or by starting more."""

from __future__ import annotations

import asyncio

import pytest
import trio
from legion_llm.messages.errors import ActorCrashed, ActorStopped
from legion_llm.runtime import ASYNCIO, Actor, ChildSpec, spawned
from legion_llm.runtime.home import loop_thread
from zoo import HOMES, SOON, Add, Gate, Hold, Note, shown, wait_for


class Busy(Actor[Hold | Note | Add]):
    """Has work beside its mailbox, which begins something more when it is cancelled."""

    def __init__(self, gate: Gate, diary: list) -> None:
        super().__init__()
        self._gate = gate
        self._diary = diary

    @spawned
    async def on_hold(self, message: Hold) -> str:
        try:
            await self._gate.wait(loop_thread.home)
        finally:
            self._diary.append("hold ends")
        return "held"

    def on_note(self, message: Note) -> None:
        self.spawn(self._work, message.what)

    async def _work(self, what: object) -> None:
        try:
            await self._gate.wait(loop_thread.home)
        finally:
            self._diary.append(f"{what} ends")
            if what == "prolific":
                self.spawn(self._work, "its child")

    def on_add(self, message: Add) -> int:
        return message.number

    async def on_stop(self) -> None:
        self._diary.append("cleans up")


@pytest.fixture
def busy(make_system, gate):
    """Make an actor with work beside its mailbox; return the system and what it writes down."""

    def make(home, **more):
        diary = []
        child = ChildSpec(name="busy", factory=lambda: Busy(gate, diary), home=home, **more)
        return make_system(child), diary

    return make


@HOMES
def test_work_beside_the_mailbox_ends_with_its_actor_and_before_the_cleanup(busy, home, gate):
    system, diary = busy(home)
    held = system.address("busy").request(Hold())
    system.address("busy").tell(Note(what="work"))
    gate.wait_arrived(2)

    system.remove("", "busy", drain=0.0)

    assert (sorted(diary[:-1]), diary[-1]) == (["hold ends", "work ends"], "cleans up")
    with pytest.raises(ActorStopped):
        held.get(SOON)


@HOMES
def test_work_does_not_keep_its_actor_from_stopping(busy, home, gate):
    """It has no asker who would wait for its end, so it is not waited for while the actor drains."""
    system, diary = busy(home)
    system.address("busy").tell(Note(what="work"))
    gate.wait_arrived()

    system.remove("", "busy", drain=SOON)

    assert diary == ["work ends", "cleans up"]


@HOMES
def test_work_that_is_begun_while_all_work_is_cancelled_is_cancelled_too(busy, home, gate):
    system, diary = busy(home, stop_timeout=1000.0)  # so that only a prompt end is an end
    system.address("busy").tell(Note(what="prolific"))
    gate.wait_arrived()

    system.remove("", "busy", drain=0.0)

    assert diary == ["prolific ends", "its child ends", "cleans up"]


@HOMES
def test_a_crash_ends_the_work_too(busy, home, gate):
    system, diary = busy(home)
    held = system.address("busy").request(Hold())
    system.address("busy").tell(Note(what="work"))
    gate.wait_arrived(2)

    system.kill("busy")

    with pytest.raises(ActorCrashed, match="crashed while it worked on this"):
        held.get(SOON)
    assert system.address("busy").request(Add(number=2)).get(SOON) == 2
    assert sorted(diary) == ["hold ends", "work ends"]
    assert shown(system, "busy")["tasks"] == 0


class Stubborn(Actor[Hold | Add]):
    """Does not let itself be cancelled until the gate opens."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    @spawned
    async def on_hold(self, message: Hold) -> str:
        if loop_thread.home.kind is ASYNCIO:
            waiting = asyncio.ensure_future(self._gate.wait(loop_thread.home))
            while not waiting.done():
                try:
                    await asyncio.shield(waiting)
                except asyncio.CancelledError:
                    continue
        else:
            with trio.CancelScope(shield=True):
                await self._gate.wait(loop_thread.home)
        return "at last"

    def on_add(self, message: Add) -> int:
        return message.number


@HOMES
def test_what_does_not_let_itself_be_cancelled_is_left_behind(make_system, gate, monkeypatch, home):
    monkeypatch.setattr("legion_llm.runtime.child._UNWIND", 0.01)
    child = ChildSpec(name="a", factory=lambda: Stubborn(gate), home=home, stop_timeout=0.01)
    system = make_system(child)
    held = system.address("a").request(Hold())
    gate.wait_arrived()
    old = system._cells["a"].process

    system.remove("", "a", drain=0.0)
    system.add("", child)

    assert system.address("a").request(Add(number=3)).get(SOON) == 3
    gate.open()
    wait_for(held.done)
    wait_for(lambda: system._cells["a"].process is not old)
    assert system.address("a").request(Add(number=4)).get(SOON) == 4
    assert shown(system, "a")["crashes"] == 0
