"""Asks for an actor that is not there yet, or not there now, keep their deadlines."""

from __future__ import annotations

import asyncio

import pytest
import trio
import trio.testing
from legion_llm.messages.errors import ActorStopped, DeadlineExceeded, StartFailed
from legion_llm.runtime import Actor, ActorSystem, ChildSpec, SupervisorSpec
from legion_llm.runtime.home import loop_thread
from virtual_clock import VirtualClock
from zoo import HOMES, SOON, Add, Clerk, Fail, Gate, shown, wait_for


class Waker(Actor[Add | Fail]):
    """Is ready when the gate opens."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    async def on_start(self) -> None:
        await self._gate.wait(loop_thread.home)

    def on_add(self, message: Add) -> int:
        return message.number

    def on_fail(self, message: Fail) -> None:
        raise ValueError(message.error)


class Caller(Actor[Add]):
    """Asks another before it is ready itself."""

    def __init__(self, other, answers: list) -> None:
        super().__init__()
        self._other = other
        self._answers = answers

    async def on_start(self) -> None:
        try:
            self._answers.append(await self._other.ask(Add(), timeout=0.02))
        except DeadlineExceeded as error:
            self._answers.append(error)

    def on_add(self, message: Add) -> int:
        return message.number


@pytest.fixture
def asleep(make_system, gate):
    """Make a system in which the actor "a" crashed and does not get ready again until the gate opens."""

    def make(home, clock=None):
        first = Gate()
        first.open()
        gates = [gate, first]
        factory = lambda: Waker(gates.pop() if len(gates) > 1 else gate)  # noqa: E731 - two lines of closure
        system = make_system(ChildSpec(name="a", factory=factory, home=home), clock=clock)
        system.kill("a")
        gate.wait_arrived()
        return system

    return make


@HOMES
def test_what_comes_while_it_starts_expires_in_time(asleep, home):
    system = asleep(home)

    with pytest.raises(DeadlineExceeded, match="in the mailbox"):
        system.address("a").request(Add(), timeout=0.02).get(SOON)

    assert system.describe()["dead_letters"]["by_reason"] == {"expired": 1}


def test_each_message_has_its_own_deadline(asleep, gate):
    system = asleep("trio")
    patient = system.address("a").request(Add(number=3))
    later = system.address("a").request(Add(), timeout=0.05)
    sooner = system.address("a").request(Add(), timeout=0.02)

    for reply in (sooner, later):
        with pytest.raises(DeadlineExceeded):
            reply.get(SOON)
    gate.open()

    assert patient.get(SOON) == 3


def test_what_was_queued_before_the_crash_expires_too(make_system, gate):
    first = Gate()
    first.open()
    gates = [gate, first]
    child = ChildSpec(name="a", factory=lambda: Waker(gates.pop() if len(gates) > 1 else gate))
    system = make_system(child)
    crash = system.address("a").request(Fail(error="bug"))
    queued = system.address("a").request(Add(), timeout=0.05)

    gate.wait_arrived()

    with pytest.raises(DeadlineExceeded):
        queued.get(SOON)
    assert crash.done()


def test_an_address_that_nobody_lives_at_keeps_deadlines(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))

    with pytest.raises(DeadlineExceeded):
        system.address("clark").request(Add(), timeout=0.02).get(SOON)


def test_who_asks_while_the_system_starts_does_not_wait_for_ever(make_system):
    answers = []
    system = ActorSystem("early")
    caller = ChildSpec(name="caller", factory=lambda: Caller(system.address("clerk"), answers))

    system.start(SupervisorSpec(name="root", children=(caller, ChildSpec(name="clerk", factory=Clerk))))
    system.shutdown()

    assert [type(answer) for answer in answers] == [DeadlineExceeded]


def test_time_is_the_systems_own(asleep):
    clock = VirtualClock()
    system = asleep("trio", clock)
    reply = system.address("a").request(Add(), timeout=3600.0)
    wait_for(lambda: system._cells["a"]._watched)

    _jump(system, clock, 3599.0)
    before = reply.done()
    _jump(system, clock, 2.0)

    with pytest.raises(DeadlineExceeded):
        reply.get(SOON)
    assert not before


def _jump(system, clock, seconds):
    """Move the clock, and let the loop look at it."""
    clock.trio.jump(seconds)
    system.trio.run(trio.testing.wait_all_tasks_blocked)


@HOMES
@pytest.mark.parametrize("run", [lambda main: asyncio.run(main()), trio.run], ids=["asyncio", "trio"])
def test_to_look_at_an_actor_that_is_down_takes_no_longer_than_one_likes(asleep, home, run):
    system = asleep(home)

    async def main():
        return await system.inspect_async("a", timeout=0.02)

    for described in (run(main), system.inspect("a", timeout=0.02)):
        assert described["state"] == "starting"
        assert described["snapshot"] == {"unavailable": "no answer within 0.02 s"}


# -- for good


def test_who_was_about_to_be_added_and_could_not_start_answers_that_it_is_gone(make_system):
    system = make_system()
    early = system.address("a").request(Add())

    def broken():
        raise OSError("no luck")

    with pytest.raises(StartFailed, match="no luck"):
        system.add("", ChildSpec(name="a", factory=broken))

    for reply in (early, system.address("a").request(Add())):
        with pytest.raises(ActorStopped, match="'a' is failed"):
            reply.get(SOON)


def test_an_address_that_is_first_asked_for_after_the_end_answers_so(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))
    early = system.address("nobody").request(Add())
    system.shutdown()

    for reply in (early, system.address("nobody").request(Add()), system.address("somebody").request(Add())):
        with pytest.raises(ActorStopped, match="is stopped"):
            reply.get(SOON)


def test_a_bound_holds_although_the_address_was_asked_for_before_the_start():
    system = ActorSystem("bounded")

    def nosy():
        system.address("b")
        return Clerk()

    children = (ChildSpec(name="a", factory=nosy), ChildSpec(name="b", factory=Clerk, mailbox_capacity=3))
    system.start(SupervisorSpec(name="root", children=children))
    bound = system._cells["b"].mailbox._capacity
    system.shutdown()

    assert bound == 3
    assert shown(system, "b")["state"] == "stopped"
