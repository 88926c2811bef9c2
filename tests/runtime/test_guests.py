"""An ask to an idle actor of the same loop is served in the asker's own task; nobody can tell, but for the time it takes."""

from __future__ import annotations

import asyncio

import attrs
import pytest
import trio
from legion_llm.messages.base import Message
from legion_llm.messages.errors import ActorCrashed, ActorStopped, CancelledError, DeadlineExceeded
from legion_llm.runtime import ASYNCIO, TRIO, Actor, ChildSpec, spawned
from legion_llm.runtime.envelope import current_ask
from legion_llm.runtime.home import loop_thread
from zoo import HOMES, SOON, Gate, shown, wait_for


@attrs.frozen(kw_only=True)
class Quick(Message[object]):
    """Answer with the task that handles this."""


@attrs.frozen(kw_only=True)
class Alone(Message[object]):
    """The same, but let nobody in meanwhile; wait before the gate."""

    wait: bool = False


@attrs.frozen(kw_only=True)
class Beside(Message[object]):
    """The same, beside others."""

    wait: bool = False


@attrs.frozen(kw_only=True)
class Relay(Message[object]):
    """Ask the host of guests this; answer with one's own task, that of the handler, and whether one's own ask is still the current one."""

    question: Message
    timeout: float | None = None


def this_task():
    return trio.lowlevel.current_task() if loop_thread.home.kind is TRIO else asyncio.current_task()


class Innkeeper(Actor[Quick | Alone | Beside]):
    """Is asked."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def on_quick(self, message: Quick) -> object:
        return this_task()

    async def on_alone(self, message: Alone) -> object:
        if message.wait:
            await self._gate.wait(loop_thread.home)
        return this_task()

    @spawned
    async def on_beside(self, message: Beside) -> object:
        if message.wait:
            await self._gate.wait(loop_thread.home)
        return this_task()


class Guest(Actor[Relay]):
    """Asks."""

    def __init__(self, inn) -> None:
        super().__init__()
        self._inn = inn

    @spawned
    async def on_relay(self, message: Relay) -> object:
        mine = current_ask.get()
        served_by = await self._inn.ask(message.question, timeout=message.timeout)
        return this_task(), served_by, current_ask.get() is mine


@pytest.fixture
def inn(make_system, gate):
    """Make an innkeeper and a guest who asks there."""

    def make(near, far=None):
        system = make_system(ChildSpec(name="inn", factory=lambda: Innkeeper(gate), home=far or near))
        system.add("", ChildSpec(name="guest", factory=lambda: Guest(system.address("inn")), home=near))
        return system

    return make


def relay(system, question, **more):
    return system.address("guest").request(Relay(question=question, **more))


WAITING = pytest.mark.parametrize("question", [Alone(wait=True), Beside(wait=True)], ids=["alone", "beside"])


@HOMES
@pytest.mark.parametrize("question", [Quick(), Alone(), Beside()], ids=lambda each: type(each).__name__)
def test_an_idle_actor_of_the_same_loop_serves_in_the_askers_task(inn, home, question):
    mine, served_by, restored = relay(inn(home), question).get(SOON)

    assert served_by is mine
    assert restored


@pytest.mark.parametrize(("near", "far"), [(TRIO, ASYNCIO), (ASYNCIO, TRIO)], ids=str)
def test_an_actor_of_another_loop_serves_on_its_own(inn, near, far):
    mine, served_by, _ = relay(inn(near, far), Alone()).get(SOON)

    assert served_by is not mine


@HOMES
def test_who_asks_while_somebody_is_served_alone_waits_in_line(inn, home, gate):
    system = inn(home)
    first = relay(system, Alone(wait=True))
    gate.wait_arrived()
    others = [relay(system, question) for question in (Quick(), Alone(), Beside())]

    wait_for(lambda: shown(system, "inn")["mailbox"]["depth"] == 3)
    waiting = [reply.done() for reply in (first, *others)]
    gate.open()

    assert waiting == [False] * 4
    served = [reply.get(SOON) for reply in (first, *others)]
    assert [served_by is mine for mine, served_by, _ in served] == [True, False, False, False]


@HOMES
def test_who_asks_from_outside_meanwhile_waits_in_line_too(inn, home, gate):
    system = inn(home)
    first = relay(system, Alone(wait=True))
    gate.wait_arrived()

    told = system.address("inn").request(Quick())

    wait_for(lambda: shown(system, "inn")["mailbox"]["depth"] == 1)
    gate.open()
    assert first.get(SOON)
    assert told.get(SOON)


@HOMES
def test_many_are_served_beside_each_other(inn, home, gate):
    system = inn(home)
    guests = [relay(system, Beside(wait=True)) for _ in range(10)]

    gate.wait_arrived(10)
    busy = shown(system, "inn")["tasks"]
    gate.open()

    assert all(served_by is mine for mine, served_by, _ in (guest.get(SOON) for guest in guests))
    assert (busy, shown(system, "inn")["tasks"]) == (10, 0)


@HOMES
@WAITING
def test_a_host_that_dies_ends_what_it_serves(inn, home, gate, question):
    system = inn(home)
    served = relay(system, question)
    gate.wait_arrived()

    system.kill("inn")

    with pytest.raises(ActorCrashed, match="'inn' crashed while it worked on this"):
        served.get(SOON)
    gate.wait_left()
    wait_for(lambda: shown(system, "inn")["state"] == "ready")
    assert shown(system, "inn")["tasks"] == 0


@HOMES
@WAITING
def test_a_host_that_is_stopped_ends_what_it_serves(inn, home, gate, question):
    system = inn(home)
    served = relay(system, question)
    gate.wait_arrived()

    system.remove("", "inn", drain=0.0)

    with pytest.raises(ActorStopped, match="'inn' stopped before this was finished"):
        served.get(SOON)
    gate.wait_left()


@HOMES
@WAITING
def test_a_host_that_drains_lets_its_guests_finish(inn, home, gate, question):
    system = inn(home)
    served = relay(system, question)
    gate.wait_arrived()
    system.address("inn")._cell.process.home.post(gate.open)

    system.remove("", "inn", drain=SOON)

    assert served.get(SOON)


@HOMES
@WAITING
def test_a_guest_that_gives_up_goes_away(inn, home, gate, question):
    system = inn(home)
    served = relay(system, question)
    gate.wait_arrived()

    served.cancel()

    gate.wait_left()
    with pytest.raises(CancelledError):
        served.get(SOON)
    wait_for(lambda: shown(system, "inn")["tasks"] == 0)
    assert relay(system, Alone()).get(SOON)


@HOMES
@WAITING
def test_a_guest_has_its_own_deadline(inn, home, gate, question):
    system = inn(home)

    with pytest.raises(DeadlineExceeded, match=f"{type(question).__name__} was not answered before its deadline"):
        relay(system, question, timeout=0.02).get(SOON)

    gate.wait_left()
    assert shown(system, "inn")["crashes"] == 0


@HOMES
@WAITING
def test_an_asker_that_dies_leaves_its_host_unharmed(inn, home, gate, question):
    system = inn(home)
    served = relay(system, question)
    gate.wait_arrived()

    system.kill("guest")

    with pytest.raises(ActorCrashed, match="'guest'"):
        served.get(SOON)
    gate.wait_left()
    wait_for(lambda: shown(system, "inn")["tasks"] == 0)
    assert shown(system, "inn")["crashes"] == 0
    assert system.address("inn").request(Alone()).get(SOON)
