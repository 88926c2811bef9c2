"""Starting, draining, stopping; whatever starts can be stopped twice, or before it started."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading

import pytest
import trio
from legion_llm.messages.errors import ActorStopped, LegionError, RuntimeFault, SystemNotRunning
from legion_llm.runtime import ASYNCIO, Actor, ActorSystem, ChildSpec, SupervisorSpec, SystemState
from zoo import HOMES, SOON, Add, Clerk, Doer, Hold, Note, Porter, shown, wait_for


def tree(*children):
    return SupervisorSpec(name="root", children=children)


CLERK = ChildSpec(name="clerk", factory=Clerk)


def test_it_is_ready_when_start_returns():
    system = ActorSystem("one").start(tree(CLERK))

    states = [system.state]
    system.shutdown()

    assert [*states, system.state] == [SystemState.READY, SystemState.STOPPED]


def test_a_system_starts_once(make_system):
    system = make_system(CLERK)

    with pytest.raises(SystemNotRunning, match="a system starts once"):
        system.start(tree(CLERK))

    assert system.address("clerk").request(Add(number=1)).get(SOON) == 1


def test_it_may_be_stopped_twice_or_before_it_started():
    never = ActorSystem("never")
    never.shutdown()
    never.shutdown()
    system = ActorSystem("twice").start(tree(CLERK))
    system.shutdown()
    system.shutdown()

    assert (never.state, system.state) == (SystemState.STOPPED, SystemState.STOPPED)
    with pytest.raises(SystemNotRunning):
        never.start(tree())


def test_two_systems_live_side_by_side(make_system):
    one, two = make_system(CLERK, name="one"), make_system(CLERK, name="two")
    one.address("clerk").request(Add(number=5)).get(SOON)
    one.shutdown()

    assert two.address("clerk").request(Add(number=1)).get(SOON) == 1


def test_no_thread_is_left_behind():
    before = set(threading.enumerate())
    system = ActorSystem("gone").start(tree(CLERK, ChildSpec(name="far", factory=Clerk, home=ASYNCIO)))
    during = {thread.name for thread in set(threading.enumerate()) - before}

    system.shutdown()

    assert during == {"gone-trio", "gone-asyncio"}
    assert set(threading.enumerate()) <= before


def test_the_asyncio_loop_starts_with_the_first_actor_that_asks_for_it(make_system):
    system = make_system(CLERK, name="lazy")
    before = "lazy-asyncio" in {thread.name for thread in threading.enumerate()}

    system.add("", ChildSpec(name="far", factory=Clerk, home=ASYNCIO))

    assert (before, "lazy-asyncio" in {thread.name for thread in threading.enumerate()}) == (False, True)


@HOMES
@pytest.mark.parametrize("kind", [Doer, Porter])
def test_running_work_may_finish_while_it_drains(home, kind, gate):
    system = ActorSystem("drain").start(tree(ChildSpec(name="worker", factory=lambda: kind(gate), home=home)))
    reply = system.address("worker").request(Hold(gate=7))
    gate.wait_arrived()

    stopping = threading.Thread(target=system.shutdown, args=(SOON,))
    stopping.start()
    wait_for(lambda: shown(system, "worker")["state"] == "draining")
    with pytest.raises(ActorStopped, match="draining"):
        system.address("worker").request(Add()).get(SOON)
    gate.open()
    stopping.join(SOON)

    assert reply.get(0) == "through 7"


@HOMES
def test_what_was_queued_before_is_handled_while_it_drains(home, gate):
    system = ActorSystem("drain").start(tree(ChildSpec(name="porter", factory=lambda: Porter(gate), home=home)))
    address = system.address("porter")
    address.request(Hold())
    gate.wait_arrived()
    queued = [address.request(Add(number=number)) for number in range(10)]

    stopping = threading.Thread(target=system.shutdown, args=(SOON,))
    stopping.start()
    gate.open()
    stopping.join(SOON)

    assert [reply.get(0) for reply in queued] == list(range(1, 11))


@HOMES
@pytest.mark.parametrize("kind", [Doer, Porter])
def test_what_is_unfinished_at_the_deadline_is_cancelled_and_told_so(home, kind, gate):
    system = ActorSystem("drain").start(tree(ChildSpec(name="worker", factory=lambda: kind(gate), home=home)))
    replies = [system.address("worker").request(Hold()) for _ in range(3)]
    gate.wait_arrived()

    system.shutdown(drain=0.02)

    for reply in replies:
        with pytest.raises(ActorStopped):
            reply.get(0)


class Caller(Actor[Add]):
    """Tries to shut its own system down."""

    def __init__(self, shutdown) -> None:
        super().__init__()
        self._shutdown = shutdown

    def on_add(self, message: Add) -> int:
        try:
            self._shutdown()
        except RuntimeFault:
            return -1
        return 0


@HOMES
def test_a_system_cannot_be_shut_down_from_its_own_loops(make_system, home):
    system = make_system()
    system.add("", ChildSpec(name="caller", factory=lambda: Caller(system.shutdown), home=home))

    assert system.address("caller").request(Add()).get(SOON) == -1


@pytest.mark.parametrize("host", ["thread", "asyncio", "trio"])
def test_it_starts_and_stops_inside_any_host(host):
    def use():
        with_host = ActorSystem("guest").start(tree(CLERK))
        answer = with_host.address("clerk").request(Add(number=2)).get(SOON)
        with_host.shutdown()
        return answer

    async def hosted():
        return use()

    run = {"thread": use, "asyncio": lambda: asyncio.run(hosted()), "trio": lambda: trio.run(hosted)}[host]

    assert run() == 2


FORGETFUL = """
import threading
from legion_llm.runtime import ASYNCIO, ActorSystem, ChildSpec, SupervisorSpec, Actor
from legion_llm.messages.base import Message
class Ping(Message[int]): pass
class A(Actor[Ping]):
    def on_ping(self, message: Ping) -> int: return 1
    async def on_stop(self) -> None: print("cleaned up", flush=True)
system = ActorSystem("x").start(SupervisorSpec(name="root", children=(
    ChildSpec(name="a", factory=A), ChildSpec(name="b", factory=A, home=ASYNCIO))))
assert system.address("a").request(Ping()).get(5) == 1
"""


def test_a_host_that_forgets_to_shut_down_ends_well():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORGETFUL], check=False, capture_output=True, text=True, timeout=30
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "cleaned up\ncleaned up\n", "")


@pytest.mark.parametrize("seed", range(8))
def test_threads_that_start_and_stop_it_at_random_agree_in_the_end(seed):
    dice = random.Random(seed)
    system = ActorSystem("contested")

    def meddle(actions):
        for action in actions:
            try:
                action()
            except LegionError:
                continue  # too early, too late: both are answers

    moves = [lambda: system.start(tree(CLERK)), system.shutdown, lambda: system.address("clerk").tell(Add())]
    threads = [threading.Thread(target=meddle, args=(dice.choices(moves, k=4),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    system.shutdown()

    assert not any(thread.is_alive() for thread in threads)
    assert system.state is SystemState.STOPPED


@pytest.mark.parametrize(("hears_out", "written"), [(True, [1, 2, 3]), (False, [])])
def test_who_writes_down_what_others_tell_hears_them_out_though_the_deadline_has_passed(hears_out, written):
    notes = []

    class Writer(Clerk):
        def on_note(self, message: Note) -> None:
            notes.append(message.what)

    Writer.hears_out = hears_out
    system = ActorSystem("one").start(tree(ChildSpec(name="writer", factory=Writer), CLERK))

    def last_words(part):
        if part == "clerk":
            for number in (1, 2, 3):
                system.address("writer").tell(Note(what=number))

    system.shutdown(drain=0.0, told=last_words)

    assert notes == written


def test_who_asks_is_told_which_parts_have_stopped():
    parts = []
    branch = SupervisorSpec(name="branch", children=(CLERK,))
    system = ActorSystem("one").start(tree(ChildSpec(name="first", factory=Clerk), branch))

    system.shutdown(told=parts.append)

    assert parts == ["branch", "first"]
