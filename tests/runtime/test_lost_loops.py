"""A loop that is blocked, lost or over takes nobody along: whoever waits hears so, and the host goes on."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from legion_llm.messages.errors import ActorStopped, LegionError, RuntimeFault, SystemNotRunning
from legion_llm.runtime import ASYNCIO, TRIO, Actor, ActorSystem, ChildSpec, SupervisorSpec, SystemState
from legion_llm.runtime import child as child_module
from legion_llm.runtime import home as home_module
from legion_llm.runtime import trio_home as trio_home_module
from zoo import HOMES, SOON, Add, Asker, Clerk, Doer, Hold, wait_for


class Blocker(Actor[Add]):
    """Blocks its loop's thread, as a bug would."""

    def __init__(self, entered: threading.Event, release: threading.Event) -> None:
        super().__init__()
        self._entered, self._release = entered, release

    def on_add(self, message: Add) -> int:
        self._entered.set()
        self._release.wait()
        return message.number


@pytest.fixture
def blocked(monkeypatch):
    """Make a system with one loop that is blocked, and other actors on either; it is released at the end."""
    monkeypatch.setattr(home_module, "_JOIN_TIMEOUT", 0.05)
    monkeypatch.setattr(trio_home_module, "_LOOK_AGAIN", 0.01)
    monkeypatch.setattr(child_module, "_UNWIND", 0.05)
    entered, release = threading.Event(), threading.Event()
    systems = []

    def make(home):
        blocker = ChildSpec(name="blocker", factory=lambda: Blocker(entered, release), home=home, stop_timeout=0.05)
        near, far = (ChildSpec(name=str(kind), factory=Clerk, home=kind, stop_timeout=0.05) for kind in (TRIO, ASYNCIO))
        system = ActorSystem("blocked").start(SupervisorSpec(name="root", children=(near, far, blocker)))
        systems.append(system)
        reply = system.address("blocker").request(Add())
        assert entered.wait(SOON)
        return system, reply

    yield make
    release.set()
    for system in systems:
        for home in (system._trio, system._asyncio):
            home._thread.join(SOON)


@HOMES
def test_a_loop_that_is_blocked_does_not_block_the_host_for_ever(blocked, home):
    system, _reply = blocked(home)

    system.shutdown(drain=0.0)

    assert system.state is SystemState.STOPPED


@HOMES
def test_who_waits_behind_a_blocked_loop_hears_that_it_is_over(blocked, home):
    system, _reply = blocked(home)
    behind = system.address("blocker").request(Add())

    system.shutdown(drain=0.0)

    with pytest.raises(ActorStopped):
        behind.get(SOON)


def test_a_thread_that_is_left_behind_is_named_in_the_log(blocked, caplog):
    system, _reply = blocked(ASYNCIO)

    system.shutdown(drain=0.0)

    assert "thread blocked-asyncio did not end within 0.05 s and is left behind" in caplog.text


def test_the_other_actors_are_stopped_in_order_though_one_blocks_its_own_loop(blocked):
    system, _reply = blocked(ASYNCIO)

    system.shutdown(drain=0.0)

    assert [str(system._cells[name].state) for name in ("trio", "asyncio", "blocker")] == ["stopped"] * 3


STUCK = """
import threading
from legion_llm.messages.base import Message
from legion_llm.runtime import Actor, ActorSystem, ChildSpec, SupervisorSpec, home
home._JOIN_TIMEOUT = 0.1
class Block(Message[None]): pass
entered = threading.Event()
class A(Actor[Block]):
    def on_block(self, message: Block) -> None:
        entered.set()
        threading.Event().wait()
system = ActorSystem("x").start(SupervisorSpec(name="root", children=(ChildSpec(name="a", factory=A),)))
system.address("a").tell(Block())
entered.wait()
"""


def test_a_host_ends_although_an_actor_blocks_for_ever():
    done = subprocess.run([sys.executable, "-c", STUCK], check=False, capture_output=True, text=True, timeout=30)

    assert done.returncode == 0
    assert "left behind" in done.stderr


# -- lost


def explode():
    """What no supervisor sees, because it is no actor's."""
    raise SystemExit


@HOMES
def test_a_lost_loop_fails_the_system_and_answers_everybody(make_system, gate, home):
    system = make_system(
        ChildSpec(name="doer", factory=lambda: Doer(gate), home=home), ChildSpec(name="b", factory=Clerk)
    )
    waiting = system.address("doer").request(Hold())
    gate.wait_arrived()

    system._home(home).post(explode)

    for reply in (waiting, system.address("doer").request(Hold())):
        with pytest.raises(LegionError):
            reply.get(SOON)
    wait_for(lambda: system.state is SystemState.FAILED)
    with pytest.raises(SystemNotRunning, match="is failed: "):
        system.check_ready()


@pytest.mark.parametrize(("near", "far"), [(TRIO, ASYNCIO), (ASYNCIO, TRIO)], ids=str)
def test_who_asked_across_loops_hears_that_the_other_loop_is_lost(make_system, gate, near, far):
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate), home=far))
    system.add("", ChildSpec(name="asker", factory=lambda: Asker(system.address("doer")), home=near))
    waiting = system.address("asker").request(Hold())
    gate.wait_arrived()

    system._home(far).post(explode)

    with pytest.raises(LegionError):
        waiting.get(SOON)


def test_a_system_that_lost_a_loop_can_be_shut_down(make_system):
    system = make_system(ChildSpec(name="clerk", factory=Clerk), ChildSpec(name="far", factory=Clerk, home=ASYNCIO))
    system.trio.post(explode)

    wait_for(lambda: system.state is SystemState.FAILED)
    system.shutdown()

    assert system.state is SystemState.STOPPED


def test_a_loop_that_is_lost_while_the_system_stops_does_not_keep_it_from_stopping(make_system, gate):
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate)))
    system.address("doer").request(Hold())
    gate.wait_arrived()
    stopping = threading.Thread(target=system.shutdown, args=(SOON,))
    stopping.start()
    wait_for(lambda: str(system._cells["doer"].state) == "draining")

    system.trio.post(explode)
    stopping.join(SOON)

    assert system.state is SystemState.STOPPED


# -- over


async def nothing():
    """Only has to be run."""


def test_nothing_runs_on_a_loop_that_has_ended():
    system = ActorSystem("over").start(SupervisorSpec(name="root"))
    system.shutdown()

    for run in (system.trio.run, system.trio.run_while_it_turns):
        with pytest.raises(RuntimeFault, match="has ended"):
            run(nothing)


class Builder(Actor[Add]):
    """Tries to add a sibling from its own loop."""

    def __init__(self, add) -> None:
        super().__init__()
        self._add = add

    def on_add(self, message: Add) -> int:
        try:
            self._add("", ChildSpec(name="clerk", factory=Clerk))
        except RuntimeFault:
            return -1
        return 0


@HOMES
def test_what_would_block_the_actors_own_loop_is_refused_before_anything_happens(make_system, home):
    system = make_system()
    system.add("", ChildSpec(name="builder", factory=lambda: Builder(system.add), home=home))

    assert system.address("builder").request(Add()).get(SOON) == -1
    assert [child["name"] for child in system.describe()["tree"]["children"]] == ["builder"]
