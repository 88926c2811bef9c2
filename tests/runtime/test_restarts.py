"""Restarts under way meet removals, other endings, stops and slow siblings."""

from __future__ import annotations

import threading

import pytest
import trio.testing
from legion_llm.messages.errors import ActorStopped, StartFailed
from legion_llm.runtime import Actor, ActorSystem, ChildSpec, Intensity, Restart, SupervisorSpec, SystemState
from legion_llm.runtime.home import loop_thread
from virtual_clock import VirtualClock
from zoo import HOMES, SOON, Add, Clerk, Gate, shown, wait_for

# The second restart waits between half an hour and an hour.
SLOW = Intensity(max_restarts=100, max_seconds=1e6, backoff_initial=3600.0, backoff_max=3600.0)
STRATEGIES = pytest.mark.parametrize("strategy", ["one_for_one", "rest_for_one", "one_for_all"])


class Late(Actor[Add]):
    """Is ready when the gate opens; the first time at once."""

    def __init__(self, gate: Gate, visits: list) -> None:
        super().__init__()
        self._gate = gate
        self._visits = visits

    async def on_start(self) -> None:
        self._visits.append("starts")
        if len(self._visits) > 1:
            await self._gate.wait(loop_thread.home)

    def on_add(self, message: Add) -> int:
        return message.number


@pytest.fixture
def clock():
    return VirtualClock()


def child(name, **more):
    return ChildSpec(name=name, factory=Clerk, **more)


def kill(system, name):
    """Kill an actor and return when its supervisor knows."""
    restarts = shown(system, name)["restarts"]
    system.kill(name)
    wait_for(lambda: shown(system, name)["restarts"] > restarts or shown(system, name)["state"] == "failed")


def answer(system, name):
    return system.address(name).request(Add(number=1)).get(SOON)


def settle(system):
    """Let the trio loop look at the clock, and do what there is to do."""
    system.trio.run(trio.testing.wait_all_tasks_blocked)


def put_to_sleep(system, name):
    """Let an actor crash twice, so that its restart waits for the clock."""
    kill(system, name)
    answer(system, name)
    kill(system, name)
    assert shown(system, name)["state"] == "restarting"
    settle(system)


def test_a_restart_waits_for_its_moment(make_system, clock):
    system = make_system(child("a"), intensity=SLOW, clock=clock)
    put_to_sleep(system, "a")
    asked = system.address("a").request(Add(number=7))

    clock.trio.jump(1799.0)
    settle(system)
    before = shown(system, "a")["state"], asked.done()
    clock.trio.jump(1801.0)

    settle(system)
    assert before == ("restarting", False)
    assert asked.get(SOON) == 7


@STRATEGIES
def test_an_actor_that_is_removed_while_it_waits_for_its_restart_stays_away(make_system, clock, strategy):
    system = make_system(child("a"), child("b"), intensity=SLOW, clock=clock, strategy=strategy)
    put_to_sleep(system, "b")

    system.remove("", "b")
    clock.trio.jump(3601.0)
    settle(system)

    with pytest.raises(ActorStopped):
        answer(system, "b")
    assert answer(system, "a") == 1
    assert [each["name"] for each in system.describe()["tree"]["children"]] == ["a"]


def test_two_that_wait_for_their_restart_both_come_back_though_a_third_is_let_go(make_system, clock):
    """Positions among the siblings shift when one goes; restarts under way must not be mixed up by that."""
    system = make_system(child("gone", restart=Restart.TEMPORARY), child("a"), child("b"), intensity=SLOW, clock=clock)
    put_to_sleep(system, "a")
    kill(system, "gone")

    kill(system, "b")

    wait_for(lambda: len(system._root._flows) == 2)
    settle(system)
    clock.trio.jump(3601.0)
    settle(system)
    assert (answer(system, "a"), answer(system, "b")) == (1, 1)


@HOMES
def test_an_actor_that_dies_while_its_siblings_still_start_comes_back(home, gate):
    visits = ["not the first time"]
    late = ChildSpec(name="late", factory=lambda: Late(gate, visits))
    system = ActorSystem("slow")
    tree = SupervisorSpec(name="root", children=(child("early", home=home), late))
    starting = threading.Thread(target=system.start, args=(tree,))
    starting.start()
    gate.wait_arrived()

    system.kill("early")
    wait_for(lambda: shown(system, "early")["crashes"] == 1)
    gate.open()
    starting.join(SOON)

    assert answer(system, "early") == 1
    system.shutdown()


def test_a_system_that_may_not_restart_fails_even_while_it_starts(gate):
    late = ChildSpec(name="late", factory=lambda: Late(gate, ["not the first time"]))
    system = ActorSystem("strict")
    errors = []

    def start():
        tree = SupervisorSpec(name="root", children=(child("early"), late), intensity=Intensity(max_restarts=0))
        try:
            system.start(tree)
        except StartFailed as error:
            errors.append(error)

    starting = threading.Thread(target=start)
    starting.start()
    gate.wait_arrived()
    system.kill("early")
    wait_for(lambda: shown(system, "early")["crashes"] == 1)
    gate.open()
    starting.join(SOON)

    # Start and failure may come in either order; what counts is the end.
    wait_for(lambda: system.state is SystemState.FAILED)
    system.shutdown()
    assert all("strict" in str(error) for error in errors)


@STRATEGIES
def test_a_temporary_actor_is_not_started_again_with_its_siblings(make_system, strategy):
    system = make_system(child("a"), child("guest", restart=Restart.TEMPORARY), strategy=strategy)
    kill(system, "a")
    answer(system, "a")

    stays = strategy == "one_for_one"

    assert [each["name"] for each in system.describe()["tree"]["children"]] == ["a", "guest"][: 1 + stays]
    if not stays:
        with pytest.raises(ActorStopped, match="stopped"):
            answer(system, "guest")


def test_siblings_that_are_restarted_too_show_it(make_system, clock):
    system = make_system(child("a"), child("b"), intensity=SLOW, clock=clock, strategy="one_for_all")
    put_to_sleep(system, "a")

    wait_for(lambda: shown(system, "b")["state"] == "restarting")

    assert shown(system, "b")["restarts"] == 2


@pytest.mark.parametrize("seed", range(20))
def test_a_shutdown_right_after_a_crash_leaves_nobody_alive(seed):
    system = ActorSystem("brief").start(SupervisorSpec(name="root", children=(child("a"), child("b"))))
    system.kill("ab"[seed % 2])

    system.shutdown(drain=0.0)

    assert [system._cells[name].process for name in "ab"] == [None, None]
    assert [shown(system, name)["state"] for name in "ab"] == ["stopped", "stopped"]


@pytest.mark.parametrize("restart", [Restart.TEMPORARY, Restart.TRANSIENT, Restart.PERMANENT], ids=str)
def test_a_branch_that_gave_up_is_let_go_or_started_again_as_its_spec_says(make_system, restart):
    branch = SupervisorSpec(
        name="branch", children=(child("a"), child("b")), restart=restart, intensity=Intensity(max_restarts=0)
    )
    system = make_system(branch, child("other"))

    system.kill("branch/a")

    if restart is Restart.TEMPORARY:
        wait_for(lambda: len(system.describe()["tree"]["children"]) == 1)
        for name in ("branch/a", "branch/b"):
            with pytest.raises(ActorStopped, match="failed"):
                answer(system, name)
    else:  # giving up is a crash
        assert (answer(system, "branch/a"), answer(system, "branch/b")) == (1, 1)
    assert answer(system, "other") == 1
    assert system.state is SystemState.READY


def test_a_branch_that_is_removed_while_it_restarts_stays_away(make_system, clock):
    branch = SupervisorSpec(name="branch", children=(child("a"),), intensity=SLOW)
    system = make_system(branch, child("other"), clock=clock)
    put_to_sleep(system, "branch/a")

    system.remove("", "branch")
    clock.trio.jump(3601.0)
    settle(system)

    with pytest.raises(ActorStopped):
        answer(system, "branch/a")
    assert answer(system, "other") == 1
