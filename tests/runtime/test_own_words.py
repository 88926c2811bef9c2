"""What an actor sets off by itself: a word to itself later, and work beside its mailbox."""

from __future__ import annotations

import pytest
import trio.testing
from legion_llm.runtime import Actor, ChildSpec
from virtual_clock import VirtualClock
from zoo import HOMES, SOON, Add, Note, Notes, shown, wait_for


class Failing(Actor[Add]):
    """Has a task beside its mailbox that fails, or speaks to itself later."""

    async def on_start(self) -> None:
        self.tell_later(0.01, Add(number=5))
        self.heard = []

    def on_add(self, message: Add) -> int:
        self.heard.append(message.number)
        if message.number == 13:
            self.spawn(self._fail)
        return len(self.heard)

    async def _fail(self) -> None:
        raise ValueError("nobody asked")

    def snapshot(self):
        return {"heard": self.heard}


@HOMES
def test_an_actor_may_tell_itself_something_later(make_system, home):
    system = make_system(ChildSpec(name="a", factory=Failing, home=home))

    wait_for(lambda: system.inspect("a")["snapshot"]["heard"] == [5])


@HOMES
def test_a_background_task_that_fails_ends_its_actor(make_system, home):
    system = make_system(ChildSpec(name="a", factory=Failing, home=home))

    system.address("a").request(Add(number=13)).get(SOON)

    wait_for(lambda: system.inspect("a")["crashes"])
    assert "nobody asked" in system.inspect("a")["last_error"]
    assert system.address("a").request(Add()).get(SOON) >= 1


class Reminder(Actor[Note | Notes]):
    """Tells itself in an hour what it is told now."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[object] = []

    def on_note(self, message: Note) -> None:
        self._notes.append(message.what)
        if message.what == "later":
            self.tell_later(3600.0, Note(what="now"))

    def on_notes(self, message: Notes) -> tuple:
        return tuple(self._notes)


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def reminded(make_system, clock):
    """A system whose actor will tell itself something in an hour."""
    system = make_system(ChildSpec(name="reminder", factory=Reminder), clock=clock)
    system.address("reminder").request(Note(what="later")).get(SOON)
    return system


def jump(system, clock, seconds):
    """Move the clock, and let the loop look at it."""
    clock.trio.jump(seconds)
    system.trio.run(trio.testing.wait_all_tasks_blocked)


def test_what_it_tells_itself_comes_at_its_moment_on_the_systems_clock(reminded, clock):
    jump(reminded, clock, 3599.0)
    before = reminded.address("reminder").request(Notes()).get(SOON)

    jump(reminded, clock, 1.0)

    assert before == ("later",)
    assert reminded.address("reminder").request(Notes()).get(SOON) == ("later", "now")


def test_what_it_wanted_to_tell_itself_is_forgotten_with_it(reminded, clock):
    reminded.kill("reminder")
    assert reminded.address("reminder").request(Notes()).get(SOON) == ()

    jump(reminded, clock, 3601.0)

    assert reminded.address("reminder").request(Notes()).get(SOON) == ()


def test_what_it_wanted_to_tell_itself_does_not_keep_it_from_stopping(reminded):
    reminded.remove("", "reminder", drain=SOON)

    assert shown(reminded, "reminder")["state"] == "stopped"
