"""Whoever sleeps is woken, whatever becomes of the loop that was to wake it."""

from __future__ import annotations

import asyncio
import threading

import pytest
import trio
from legion_llm.messages.errors import LegionError
from legion_llm.runtime import ASYNCIO, Actor, ChildSpec
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
