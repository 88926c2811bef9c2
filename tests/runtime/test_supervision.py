"""Supervisors start in order, restart by their strategy, give up upwards."""

from __future__ import annotations

import pytest
from legion_llm.messages.errors import (
    ActorCrashed,
    ActorStopped,
    DeadlineExceeded,
    NotFoundError,
    StartFailed,
    SystemNotRunning,
)
from legion_llm.runtime import (
    ASYNCIO,
    TRIO,
    Actor,
    ActorSystem,
    ChildSpec,
    Intensity,
    Restart,
    Strategy,
    SupervisorSpec,
    SystemState,
)
from legion_llm.runtime.home import loop_thread
from zoo import HOMES, SOON, Add, Clerk, Fail, Note, Notes, wait_for


class Life(Actor[Add | Fail]):
    """Writes down when it lives."""

    def __init__(self, name: str, diary: list, *, stumbles: list | None = None) -> None:
        super().__init__()
        self._who = name
        self._diary = diary
        self._stumbles = stumbles if stumbles is not None else []

    async def on_start(self) -> None:
        if self._stumbles:
            raise self._stumbles.pop()
        self._diary.append(f"{self._who} starts")

    async def on_stop(self) -> None:
        self._diary.append(f"{self._who} stops")

    def on_add(self, message: Add) -> int:
        return message.number

    def on_fail(self, message: Fail) -> None:
        raise ValueError(message.error)


@pytest.fixture
def diary():
    return []


@pytest.fixture
def life(diary):
    def make(name, **more):
        stumbles = more.pop("stumbles", None)
        return ChildSpec(name=name, factory=lambda: Life(name, diary, stumbles=stumbles), **more)

    return make


def crash(system, name):
    with pytest.raises(ActorCrashed):
        system.address(name).request(Fail(error="bug")).get(SOON)


def is_back(system, name):
    """Return the answer of the next incarnation."""
    return system.address(name).request(Add(number=1)).get(SOON)


def test_children_start_in_order_and_stop_in_reverse(make_system, life, diary):
    make_system(life("a"), life("b", home=ASYNCIO), life("c")).shutdown()

    assert diary == ["a starts", "b starts", "c starts", "c stops", "b stops", "a stops"]


@pytest.mark.parametrize(
    ("strategy", "restarted"),
    [
        (Strategy.ONE_FOR_ONE, ["b starts"]),
        (Strategy.REST_FOR_ONE, ["c stops", "b starts", "c starts"]),
        (Strategy.ONE_FOR_ALL, ["c stops", "a stops", "a starts", "b starts", "c starts"]),
    ],
)
@HOMES
def test_a_crash_restarts_whom_the_strategy_says(make_system, life, diary, strategy, restarted, home):
    system = make_system(life("a"), life("b", home=home), life("c"), strategy=strategy)
    diary.clear()

    crash(system, "b")
    for name in "abc":
        is_back(system, name)

    assert diary == restarted


def test_a_crashed_actor_does_not_clean_up(make_system, life, diary):
    system = make_system(life("a"))
    crash(system, "a")
    is_back(system, "a")

    assert "a stops" not in diary


class Leaver(Actor[Add]):
    """Stops by itself."""

    def on_add(self, message: Add) -> int:
        self.stop()
        return message.number


@HOMES
@pytest.mark.parametrize(("restart", "comes_back"), [(Restart.PERMANENT, True), (Restart.TRANSIENT, False)])
def test_an_actor_that_stops_itself_comes_back_if_it_is_permanent(make_system, home, restart, comes_back):
    system = make_system(ChildSpec(name="leaver", factory=Leaver, restart=restart, home=home))
    address = system.address("leaver")
    address.request(Add()).get(SOON)

    if comes_back:
        assert address.request(Add(number=2)).get(SOON) == 2
    else:
        with pytest.raises(ActorStopped):
            address.request(Add(number=2)).get(SOON)


def test_a_temporary_actor_that_crashed_is_gone(make_system, life):
    system = make_system(life("a", restart=Restart.TEMPORARY), life("b"))
    crash(system, "a")

    with pytest.raises(ActorStopped, match="failed"):
        is_back(system, "a")
    assert is_back(system, "b") == 1


@HOMES
def test_what_was_queued_survives_a_crash_but_for_the_message_that_caused_it(make_system, home):
    system = make_system(ChildSpec(name="clerk", factory=Clerk, home=home))
    address = system.address("clerk")

    crashing = address.request(Fail(error="bug"))
    for number in range(50):
        address.tell(Note(what=number))

    with pytest.raises(ActorCrashed):
        crashing.get(SOON)
    assert address.request(Notes()).get(SOON) == tuple(range(50))
    assert system.inspect("clerk")["restarts"] == 1


def test_an_actor_that_crashes_in_a_loop_fails_the_system_and_the_host_lives(life):
    system = ActorSystem("loop")
    limits = Intensity(max_restarts=3, max_seconds=60.0, backoff_initial=0.0)
    system.start(SupervisorSpec(name="root", children=(life("a"), life("b")), intensity=limits))

    for _ in range(3):
        crash(system, "a")
        is_back(system, "a")
    crash(system, "a")

    with pytest.raises((ActorStopped, ActorCrashed)):
        system.address("b").request(Add()).get(SOON)
        system.address("a").request(Add()).get(SOON)
    wait_for(lambda: system.state is SystemState.FAILED)
    with pytest.raises(SystemNotRunning, match="failed: bug"):
        system.check_ready()
    system.shutdown()
    assert system.state is SystemState.STOPPED


def test_a_branch_that_gives_up_is_restarted_by_the_one_above(make_system, life, diary):
    strict = Intensity(max_restarts=1, max_seconds=60.0, backoff_initial=0.0)
    branch = SupervisorSpec(name="branch", children=(life("a"), life("b")), intensity=strict)
    system = make_system(branch, life("other"))
    crash(system, "branch/a")
    is_back(system, "branch/a")
    diary.clear()

    crash(system, "branch/a")
    is_back(system, "branch/a")
    is_back(system, "branch/b")

    assert diary == ["b stops", "a starts", "b starts"]
    assert is_back(system, "other") == 1


def test_a_start_that_fails_stops_what_had_started_and_says_why(life, diary):
    system = ActorSystem("stillborn")

    with pytest.raises(StartFailed, match=r"'b' could not start: no luck"):
        system.start(SupervisorSpec(name="root", children=(life("a"), life("b", stumbles=[OSError("no luck")]))))

    assert diary == ["a starts", "a stops"]
    assert system.state is SystemState.FAILED


def test_a_constructor_that_fails_is_a_start_that_fails():
    def broken():
        raise ValueError("cannot be built")

    with pytest.raises(StartFailed, match="cannot be built"):
        ActorSystem("stillborn").start(SupervisorSpec(name="root", children=(ChildSpec(name="a", factory=broken),)))


class Sluggish(Actor[Add]):
    """Never gets ready."""

    def __init__(self, gate) -> None:
        super().__init__()
        self._gate = gate

    async def on_start(self) -> None:
        await self._gate.wait(loop_thread.home)

    def on_add(self, message: Add) -> int:
        return message.number


@HOMES
def test_a_start_that_takes_too_long_fails(home, gate):
    child = ChildSpec(name="a", factory=lambda: Sluggish(gate), start_timeout=0.05, home=home)

    with pytest.raises(StartFailed, match=r"not ready within 0\.05 s"):
        ActorSystem("slow").start(SupervisorSpec(name="root", children=(child,)))

    gate.wait_left()


def test_a_restart_that_fails_is_tried_again(make_system, life, diary):
    stumbles = []
    system = make_system(life("a", stumbles=stumbles))
    stumbles += [OSError("not yet"), OSError("not yet")]

    crash(system, "a")

    assert is_back(system, "a") == 1
    assert diary == ["a starts", "a starts"]


def test_messages_expire_while_their_actor_is_down(make_system, life):
    slow = Intensity(max_restarts=10, max_seconds=60.0, backoff_initial=5.0, backoff_max=5.0)
    system = make_system(life("a"), intensity=slow)
    crash(system, "a")
    is_back(system, "a")
    crash(system, "a")

    with pytest.raises(DeadlineExceeded, match="in the mailbox"):
        system.address("a").request(Add(), timeout=0.05).get(SOON)


def test_children_come_and_go_while_the_system_runs(make_system, life, diary):
    system = make_system(SupervisorSpec(name="branch"), life("a"))

    address = system.add("branch", life("b"))
    answer = address.request(Add(number=3)).get(SOON)
    system.remove("branch", "b")

    assert (answer, diary) == (3, ["a starts", "b starts", "b stops"])
    with pytest.raises(ActorStopped):
        address.request(Add()).get(SOON)
    system.add("branch", life("b"))
    assert address.request(Add(number=4)).get(SOON) == 4


def test_a_name_is_given_once(make_system, life):
    system = make_system(life("a"))

    with pytest.raises(StartFailed, match="there is a child 'a' already"):
        system.add("", life("a"))


def test_a_child_that_cannot_start_is_not_added(make_system, life):
    system = make_system()

    with pytest.raises(StartFailed, match="no luck"):
        system.add("", life("a", stumbles=[OSError("no luck")]))

    assert system.describe()["tree"]["children"] == []


def test_a_supervisor_that_is_not_there_cannot_be_added_to(make_system, life):
    with pytest.raises(NotFoundError, match="no supervisor 'nowhere'"):
        make_system().add("nowhere", life("a"))


def test_both_loops_are_named_in_the_tree(make_system, life):
    system = make_system(life("a", home=TRIO), life("b", home=ASYNCIO))

    assert [child["home"] for child in system.describe()["tree"]["children"]] == ["trio", "asyncio"]
