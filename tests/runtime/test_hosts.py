"""What hosts do from coroutines of their own, under either library, with actors on either loop."""

from __future__ import annotations

import asyncio

import pytest
import trio
from legion_llm.messages.errors import ActorCrashed, DeadlineExceeded
from legion_llm.runtime import Actor, ChildSpec
from zoo import HOMES, SOON, Add, Clerk, Doer, ExpectedError, Fail, Hold, Note, Notes, shown, wait_for

LIBRARIES = pytest.mark.parametrize("run", [lambda main: asyncio.run(main()), trio.run], ids=["asyncio", "trio"])


@pytest.fixture
def clerk(make_system):
    return lambda home: make_system(ChildSpec(name="clerk", factory=Clerk, home=home)).address("clerk")


@HOMES
@LIBRARIES
def test_a_coroutine_asks_and_tells(clerk, home, run):
    address = clerk(home)

    async def main():
        address.tell(Note(what="by a coroutine"))
        return await address.ask(Notes()), await address.ask(Add(number=2), timeout=SOON)

    assert run(main) == (("by a coroutine",), 2)


@HOMES
@LIBRARIES
def test_a_coroutine_meets_the_errors_that_actors_answer(clerk, home, run):
    address = clerk(home)

    async def main():
        with pytest.raises(ExpectedError):
            await address.ask(Fail())
        with pytest.raises(ActorCrashed):
            await address.ask(Fail(error="bug"))

    run(main)
    assert address.request(Add(number=2)).get(SOON) == 2


@HOMES
@LIBRARIES
def test_the_deadline_of_a_coroutines_ask_holds(make_system, gate, home, run):
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate), home=home))

    async def main():
        with pytest.raises(DeadlineExceeded):
            await system.address("doer").ask(Hold(), timeout=0.02)

    run(main)
    gate.wait_left()


@HOMES
def test_a_cancelled_ask_of_a_coroutine_is_given_up_under_trio(make_system, gate, home):
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate), home=home))

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(system.address("doer").ask, Hold())
            await trio.to_thread.run_sync(gate.wait_arrived)
            nursery.cancel_scope.cancel()

    trio.run(main)
    gate.wait_left()
    wait_for(lambda: shown(system, "doer")["tasks"] == 0)


@HOMES
def test_a_cancelled_ask_of_a_coroutine_is_given_up_under_asyncio(make_system, gate, home):
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate), home=home))

    async def main():
        asking = asyncio.ensure_future(system.address("doer").ask(Hold()))
        await asyncio.to_thread(gate.wait_arrived)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(main())
    gate.wait_left()
    wait_for(lambda: shown(system, "doer")["tasks"] == 0)


# -- what handlers do to themselves


class Clumsy(Actor[Add | Hold]):
    """Lets a timeout, or a cancellation, of its own making escape."""

    async def on_add(self, message: Add) -> int:
        raise TimeoutError("of something it used")

    async def on_hold(self, message: Hold) -> str:
        inner = asyncio.get_running_loop().create_future()
        inner.cancel()
        await inner
        return "never"


@HOMES
def test_a_timeout_of_what_a_handler_uses_is_a_bug_and_not_the_asks_deadline(make_system, home):
    address = make_system(ChildSpec(name="clumsy", factory=Clumsy, home=home)).address("clumsy")

    with pytest.raises(ActorCrashed, match="TimeoutError: of something it used"):
        address.request(Add(), timeout=SOON).get(SOON)


def test_a_cancellation_of_what_a_handler_awaits_is_a_bug_and_not_the_asks_end(make_system):
    system = make_system(ChildSpec(name="clumsy", factory=Clumsy, home="asyncio"))

    for _ in range(2):
        with pytest.raises(ActorCrashed, match="escaped from it"):
            system.address("clumsy").request(Hold()).get(SOON)


class Sleeper(Actor[Add]):
    """Waits shortly with its library's own means."""

    async def on_add(self, message: Add) -> int:
        async with asyncio.timeout(SOON):
            await asyncio.sleep(0)
        return message.number


def test_a_handler_may_use_timeouts_of_its_own(make_system):
    system = make_system(ChildSpec(name="sleeper", factory=Sleeper, home="asyncio"))

    assert system.address("sleeper").request(Add(number=3), timeout=SOON).get(SOON) == 3
