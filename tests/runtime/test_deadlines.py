"""Deadlines and cancellation go with an ask to its very end, on both loops and across them."""

from __future__ import annotations

import asyncio
import threading

import pytest
import trio
from legion_llm.messages.errors import CancelledError, DeadlineExceeded
from legion_llm.runtime import ASYNCIO, TRIO, ChildSpec
from zoo import HOMES, SOON, Add, Asker, Clerk, Doer, Hold, Porter, shown, wait_for

ACROSS = pytest.mark.parametrize(
    ("near", "far"), [(TRIO, TRIO), (TRIO, ASYNCIO), (ASYNCIO, TRIO), (ASYNCIO, ASYNCIO)], ids=str
)


@pytest.fixture
def chain(make_system, gate):
    """Make a doer before the gate and an asker that hands asks on to it."""

    def make(near, far, kind=Doer):
        system = make_system(ChildSpec(name="far", factory=lambda: kind(gate), home=far))
        system.add("", ChildSpec(name="near", factory=lambda: Asker(system.address("far")), home=near))
        return system

    return make


def tasks(system, name):
    return system.inspect(name)["tasks"]


def at_rest(system):
    """Return when nobody works at anything any more."""
    wait_for(lambda: (shown(system, "near")["tasks"], shown(system, "far")["tasks"]) == (0, 0))


@HOMES
@pytest.mark.parametrize("kind", [Doer, Porter])
def test_a_handler_is_stopped_at_its_deadline(make_system, home, kind, gate):
    system = make_system(ChildSpec(name="doer", factory=lambda: kind(gate), home=home))

    with pytest.raises(DeadlineExceeded, match="Hold was not answered before its deadline"):
        system.address("doer").request(Hold(), timeout=0.02).get(SOON)

    gate.wait_left()
    assert tasks(system, "doer") == 0


@HOMES
def test_a_message_that_waits_past_its_deadline_is_not_handled(make_system, home, gate):
    system = make_system(ChildSpec(name="porter", factory=lambda: Porter(gate), home=home))
    system.address("porter").request(Hold())
    gate.wait_arrived()

    with pytest.raises(DeadlineExceeded, match="in the mailbox"):
        system.address("porter").request(Add(), timeout=0.02).get(SOON)

    assert system.describe()["dead_letters"]["by_reason"] == {"expired": 1}


@ACROSS
def test_a_nested_ask_inherits_the_deadline(chain, near, far, gate):
    system = chain(near, far)

    with pytest.raises(DeadlineExceeded):
        system.address("near").request(Hold(), timeout=0.05).get(SOON)

    gate.wait_left()
    assert (tasks(system, "near"), tasks(system, "far")) == (0, 0)


@ACROSS
@pytest.mark.parametrize("kind", [Doer, Porter])
def test_a_caller_that_cancels_stops_what_it_started(chain, near, far, kind, gate):
    system = chain(near, far, kind)
    reply = system.address("near").request(Hold())
    gate.wait_arrived()

    assert reply.cancel()

    gate.wait_left()
    with pytest.raises(CancelledError):
        reply.get(SOON)
    at_rest(system)


@ACROSS
def test_a_caller_whose_patience_ends_stops_what_it_started(chain, near, far, gate):
    system = chain(near, far)

    with pytest.raises(DeadlineExceeded):
        system.address("near").request(Hold()).get(timeout=0.05)

    gate.wait_left()
    at_rest(system)


@ACROSS
def test_a_cancelled_await_under_asyncio_stops_what_it_started(chain, near, far, gate):
    system = chain(near, far)

    async def main():
        task = asyncio.ensure_future(_awaited(system.address("near").request(Hold())))
        await asyncio.to_thread(gate.wait_arrived)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    gate.wait_left()
    at_rest(system)


@ACROSS
def test_a_cancelled_await_under_trio_stops_what_it_started(chain, near, far, gate):
    system = chain(near, far)

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_awaited, system.address("near").request(Hold()))
            await trio.to_thread.run_sync(gate.wait_arrived)
            nursery.cancel_scope.cancel()

    trio.run(main)
    gate.wait_left()
    at_rest(system)


async def _awaited(reply):
    return await reply


@HOMES
def test_what_is_given_up_while_it_waits_is_never_begun(make_system, home, gate):
    system = make_system(ChildSpec(name="porter", factory=lambda: Porter(gate), home=home))
    held = system.address("porter").request(Hold())
    gate.wait_arrived()
    behind = system.address("porter").request(Hold(gate=1))

    behind.cancel()
    gate.open()

    assert held.get(SOON) == "through 0"
    assert system.address("porter").request(Add(number=1)).get(SOON) == 2
    assert system.inspect("porter")["handled"] == 2


@HOMES
def test_an_answer_and_a_cancellation_may_race(make_system, home):
    system = make_system(ChildSpec(name="clerk", factory=Clerk, home=home))
    replies = [system.address("clerk").request(Add(number=1)) for _ in range(300)]

    canceller = threading.Thread(target=lambda: [reply.cancel() for reply in reversed(replies)])
    canceller.start()
    ends = [_end_of(reply) for reply in replies]
    canceller.join()

    assert set(ends) <= {"answered", "given up"}
    assert system.address("clerk").request(Add(number=0)).get(SOON) >= ends.count("answered")


def _end_of(reply):
    try:
        reply.get(SOON)
    except CancelledError:
        return "given up"
    return "answered"


@ACROSS
def test_answers_and_cancellations_may_race_along_a_whole_chain(make_system, near, far):
    system = make_system(ChildSpec(name="far", factory=Clerk, home=far))
    system.add("", ChildSpec(name="near", factory=lambda: Asker(system.address("far")), home=near))
    replies = [system.address("near").request(Add(number=1), timeout=SOON) for _ in range(200)]

    canceller = threading.Thread(target=lambda: [reply.cancel() for reply in reversed(replies)])
    canceller.start()
    ends = [_end_of(reply) for reply in replies]
    canceller.join()

    assert set(ends) <= {"answered", "given up"}
    assert system.address("near").request(Add(number=0)).get(SOON) >= ends.count("answered")
    at_rest(system)


@ACROSS
def test_deadlines_that_pass_while_work_goes_on_leave_nothing_behind(chain, near, far, gate):
    system = chain(near, far)
    replies = [system.address("near").request(Hold(), timeout=0.001 * number) for number in range(1, 40)]

    ends = [_deadline_of(reply) for reply in replies]

    assert ends == ["late"] * len(replies)
    at_rest(system)
    gate.open()
    assert system.address("near").request(Hold(gate=3)).get(SOON) == "through 3"


def _deadline_of(reply):
    try:
        reply.get(SOON)
    except DeadlineExceeded:
        return "late"
    return "answered"
