"""The future that hosts hold: in a thread, under asyncio, under trio."""

from __future__ import annotations

import asyncio
import threading

import pykka
import pytest
import trio
from legion_llm.messages.errors import CancelledError, DeadlineExceeded, RuntimeFault
from legion_llm.runtime import Actor, ChildSpec, Reply, ReplyTimeout
from zoo import SOON, Add, Clerk, ExpectedError


@pytest.fixture
def reply():
    return Reply()


def soon(function, *args):
    """Call from another thread, after whoever asked is waiting or not: both must do."""
    thread = threading.Thread(target=function, args=args)
    thread.start()
    return thread


async def awaited(reply):
    return await reply


def in_a_thread(reply):
    return reply.get(SOON)


def under_asyncio(reply):
    return asyncio.run(awaited(reply))


def under_trio(reply):
    return trio.run(awaited, reply)


FORMS = pytest.mark.parametrize("wait", [in_a_thread, under_asyncio, under_trio])


@FORMS
def test_an_answer_comes_in_every_form(reply, wait):
    soon(reply.set, 42)

    assert wait(reply) == 42


@FORMS
def test_an_answer_that_is_there_already_is_not_waited_for(reply, wait):
    reply.set(42)

    assert wait(reply) == 42


@FORMS
def test_an_error_comes_in_every_form(reply, wait):
    soon(reply.fail, ExpectedError("no"))

    with pytest.raises(ExpectedError, match="no"):
        wait(reply)


@FORMS
def test_it_can_be_waited_for_twice(reply, wait):
    reply.set("same")

    assert [wait(reply), wait(reply)] == ["same", "same"]


def test_many_tasks_may_await_one_reply(reply):
    async def main():
        tasks = [asyncio.ensure_future(awaited(reply)) for _ in range(5)]
        await asyncio.sleep(0)
        reply.set("all")
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == ["all"] * 5


def test_only_the_first_answer_counts(reply):
    reply.set(1)
    reply.set(2)
    reply.fail(ExpectedError())

    assert reply.get() == 1


def test_patience_that_ends_is_a_timeout_to_everybody_and_gives_up(reply):
    given_up = []
    reply.attach(lambda: given_up.append(True))

    with pytest.raises(ReplyTimeout) as caught:
        reply.get(timeout=0.01)

    assert isinstance(caught.value, DeadlineExceeded)
    assert isinstance(caught.value, pykka.Timeout)
    assert isinstance(caught.value, TimeoutError)
    assert given_up == [True]


def test_giving_up_is_told_once(reply):
    given_up = []
    reply.attach(lambda: given_up.append(True))

    assert (reply.cancel(), reply.cancel(), given_up) == (True, False, [True])
    with pytest.raises(CancelledError):
        reply.get()


def test_an_answered_reply_cannot_be_cancelled(reply):
    reply.set(1)

    assert not reply.cancel()
    assert reply.get() == 1


def test_work_that_starts_after_the_caller_gave_up_hears_it_at_once(reply):
    reply.cancel()
    given_up = []

    reply.attach(lambda: given_up.append(True))

    assert given_up == [True]


def test_callbacks_are_called_with_the_reply_before_and_after(reply):
    called = []
    reply.add_done_callback(called.append)
    reply.set(1)

    reply.add_done_callback(called.append)

    assert called == [reply, reply]


def test_a_callback_that_fails_is_logged_and_harms_nobody(reply, caplog):
    called = []
    reply.add_done_callback(lambda _: 1 / 0)
    reply.add_done_callback(called.append)

    reply.set(1)

    assert called == [reply]
    assert "ZeroDivisionError" in caplog.text


@FORMS
def test_pykkas_own_combinators_work(wait):
    one, two = Reply(), Reply()
    both = one.map(lambda number: number + 1).join(two.filter(lambda number: number > 1))
    one.set(1)
    two.set([1, 2, 3])

    assert wait(both) == [2, [2, 3]]


def test_a_host_loop_that_ended_first_harms_nobody(reply, caplog):
    async def leave():
        with trio.move_on_after(0):
            await reply

    trio.run(leave)
    other = Reply()
    loop = asyncio.new_event_loop()
    task = loop.create_task(awaited(other))
    loop.run_until_complete(asyncio.sleep(0))
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()

    reply.set(1)
    other.set(1)

    assert not caplog.records


def test_its_repr_says_how_it_stands(reply):
    before = repr(reply)
    reply.set("a secret")

    assert (before, repr(reply)) == ("<Reply waiting>", "<Reply answered>")


class Impatient(Actor[Add]):
    """Waits where it must not."""

    def __init__(self, other) -> None:
        super().__init__()
        self._other = other

    def on_add(self, message: Add) -> int:
        try:
            return self._other.request(message).get(SOON)
        except RuntimeFault:
            return -1


def test_waiting_on_the_actors_own_loop_is_refused(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))
    system.add("", ChildSpec(name="impatient", factory=lambda: Impatient(system.address("clerk"))))

    assert system.address("impatient").request(Add()).get(SOON) == -1


LIBRARIES = pytest.mark.parametrize("run", [lambda main: asyncio.run(main()), trio.run], ids=["asyncio", "trio"])


@LIBRARIES
def test_patience_may_end_in_a_coroutine_too(reply, run):
    given_up = []
    reply.attach(lambda: given_up.append(True))

    async def main():
        with pytest.raises(ReplyTimeout, match=r"no answer within 0\.01 s"):
            await reply.within(0.01)

    run(main)
    assert (given_up, reply.cancelled) == ([True], True)


@LIBRARIES
def test_an_answer_in_time_ends_the_patience(reply, run):
    soon(reply.set, 42)

    async def main():
        return await reply.within(SOON)

    assert run(main) == 42


@LIBRARIES
def test_a_timeout_that_is_the_answer_is_not_taken_for_ones_own(reply, run):
    reply.fail(TimeoutError("the actor's"))

    async def main():
        with pytest.raises(TimeoutError, match="the actor's"):
            await reply.within(SOON)

    run(main)
    assert not reply.cancelled


@LIBRARIES
def test_an_answer_that_comes_when_the_hosts_loop_is_over_harms_nobody(reply, run, caplog):
    """The loop is gone although a task of it still waits: as a host that crashed leaves it."""
    called = []
    reply.add_done_callback(called.append)

    async def main():
        waiting = reply.__await__()
        waiting.send(None)  # begins to wait, as a task's first step does
        return waiting

    waiting = run(main)
    reply.set(1)

    assert (called, caplog.records) == ([reply], [])
    waiting.close()


def test_the_error_of_an_answer_can_be_looked_at(reply):
    before = reply.exception()
    error = ExpectedError()
    reply.fail(error)

    assert (before, reply.exception(), repr(reply)) == (None, error, "<Reply failed>")


def test_pykkas_way_to_answer_with_an_error_works(reply):
    try:
        {}["missing"]
    except KeyError:
        reply.set_exception()

    with pytest.raises(KeyError, match="missing"):
        reply.get(SOON)
