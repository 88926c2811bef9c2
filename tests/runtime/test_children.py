"""Children that come and go while the system runs, also when several hands meddle at once."""

from __future__ import annotations

import threading

import pytest
from legion_llm.messages.errors import ActorStopped, NotFoundError, RuntimeFault, StartFailed
from legion_llm.runtime import Actor, ChildSpec, SupervisorSpec, SystemState
from legion_llm.runtime.home import loop_thread
from zoo import HOMES, SOON, Add, Clerk, Gate, Hold, Note, Porter, shown, wait_for


class Slow(Actor[Add]):
    """Is ready when the gate opens, and counts how many live at once."""

    alive: list

    def __init__(self, gate: Gate, alive: list) -> None:
        super().__init__()
        self._gate = gate
        self._alive = alive

    async def on_start(self) -> None:
        self._alive.append(self)
        await self._gate.wait(loop_thread.home)

    async def on_stop(self) -> None:
        self._alive.remove(self)

    def on_add(self, message: Add) -> int:
        return message.number


@pytest.fixture
def alive():
    return []


@pytest.fixture
def slow(gate, alive):
    return lambda name, **more: ChildSpec(name=name, factory=lambda: Slow(gate, alive), **more)


def begin(function, *args):
    """Call in a thread; return the thread and the list that takes its error."""
    errors = []

    def call():
        try:
            function(*args)
        except RuntimeFault as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    return thread, errors


@HOMES
def test_of_two_that_add_the_same_name_at_once_one_is_refused(make_system, slow, alive, gate, home):
    system = make_system()
    first, errors = begin(system.add, "", slow("a", home=home))
    gate.wait_arrived()

    with pytest.raises(StartFailed, match="there is a child 'a' already"):
        system.add("", slow("a", home=home))
    gate.open()
    first.join(SOON)

    assert (len(alive), errors) == (1, [])
    assert system.address("a").request(Add(number=4)).get(SOON) == 4


@HOMES
def test_a_child_that_is_killed_while_it_is_added_comes_to_life_after_all(make_system, slow, gate, home):
    system = make_system()
    adding, errors = begin(system.add, "", slow("a", home=home))
    gate.wait_arrived()

    system.kill("a")
    gate.open()
    adding.join(SOON)

    assert errors == []
    assert system.address("a").request(Add(number=4)).get(SOON) == 4
    wait_for(lambda: shown(system, "a")["crashes"] == 1)


@HOMES
def test_a_shutdown_while_a_child_is_added_leaves_nothing_alive(make_system, slow, gate, home):
    system = make_system()
    adding, errors = begin(system.add, "", slow("a", home=home))
    gate.wait_arrived()

    system.shutdown(drain=0.0)
    adding.join(SOON)

    assert [isinstance(error, RuntimeFault) for error in errors] == [True]
    with pytest.raises(ActorStopped):
        system.address("a").request(Add()).get(SOON)


def test_nothing_is_added_to_a_branch_that_is_down(make_system, slow, gate):
    branch = SupervisorSpec(name="branch", children=(ChildSpec(name="first", factory=Clerk),))
    system = make_system(branch)
    down = system._root.branch("branch")
    system.trio.run(_stop, down)

    with pytest.raises(StartFailed, match="supervisor 'branch' is stopped"):
        system.add("branch", slow("a"))


async def _stop(supervisor):
    await supervisor.stop(0.0, final=False)


def test_a_name_that_was_given_back_can_have_another_bound(make_system):
    system = make_system()
    system.add("", ChildSpec(name="a", factory=Clerk, mailbox_capacity=10))
    system.remove("", "a")

    address = system.add("", ChildSpec(name="a", factory=Clerk, mailbox_capacity=3))

    assert address.request(Add(number=4)).get(SOON) == 4
    assert system._cells["a"].mailbox._capacity == 3


def test_an_address_leads_to_whoever_bears_the_name_now(make_system):
    system = make_system()
    address = system.add("", ChildSpec(name="a", factory=Clerk))
    address.request(Add(number=5)).get(SOON)
    system.remove("", "a")
    with pytest.raises(ActorStopped):
        address.tell(Note())

    system.add("", ChildSpec(name="a", factory=Clerk))

    assert address.request(Add(number=1)).get(SOON) == 1


def test_to_remove_a_child_that_is_not_there_is_no_error(make_system):
    system = make_system(ChildSpec(name="a", factory=Clerk))

    system.remove("", "b")

    assert system.address("a").request(Add(number=1)).get(SOON) == 1


def test_two_children_of_one_name_are_refused_before_anything_starts():
    with pytest.raises(ValueError, match="two children are named 'a': they would share one mailbox"):
        SupervisorSpec(name="root", children=(ChildSpec(name="a", factory=Clerk), SupervisorSpec(name="a")))


@HOMES
def test_what_was_queued_is_handled_before_a_child_goes(make_system, home):
    system = make_system(ChildSpec(name="a", factory=Clerk, home=home))
    replies = [system.address("a").request(Add(number=1)) for _ in range(100)]

    system.remove("", "a")

    assert [reply.get(SOON) for reply in replies] == list(range(1, 101))


@HOMES
def test_a_name_is_free_again_when_its_bearer_is_gone_and_not_before(make_system, gate, home):
    system = make_system(ChildSpec(name="a", factory=lambda: Porter(gate), home=home))
    held = system.address("a").request(Hold())
    gate.wait_arrived()
    removing, _ = begin(system.remove, "", "a", SOON)
    wait_for(lambda: shown(system, "a")["state"] == "draining")

    with pytest.raises(StartFailed, match="there is a child 'a' already"):
        system.add("", ChildSpec(name="a", factory=Clerk))

    gate.open()
    removing.join(SOON)
    assert held.get(SOON) == "through 0"
    assert system.add("", ChildSpec(name="a", factory=Clerk)).request(Add(number=2)).get(SOON) == 2


@HOMES
def test_a_shutdown_waits_for_a_child_that_is_being_removed(make_system, gate, home):
    system = make_system(ChildSpec(name="a", factory=lambda: Porter(gate), home=home))
    held = system.address("a").request(Hold())
    gate.wait_arrived()
    removing, _ = begin(system.remove, "", "a", SOON)
    wait_for(lambda: shown(system, "a")["state"] == "draining")

    stopping, _ = begin(system.shutdown, SOON)
    wait_for(lambda: system.state is SystemState.DRAINING)
    gate.open()
    for thread in (removing, stopping):
        thread.join(SOON)

    assert held.get(SOON) == "through 0"
    assert shown(system, "a")["state"] == "stopped"


def test_a_child_that_is_renewed_begins_anew_and_what_came_meanwhile_waits(make_system, alive, gate):
    first, second = Gate(), gate
    gates = [first, second]
    first.open()
    system = make_system(ChildSpec(name="a", factory=lambda: Slow(gates.pop(0), alive)))
    renewing, errors = begin(system.renew, "a")
    second.wait_arrived()

    reply = system.address("a").request(Add(number=4))
    gate.open()
    renewing.join(SOON)

    assert (reply.get(SOON), len(alive), errors) == (4, 1, [])
    assert shown(system, "a")["crashes"] == 0


def test_a_child_that_is_not_there_cannot_be_renewed(make_system):
    with pytest.raises(NotFoundError, match="no actor 'a'"):
        make_system().renew("a")


def test_a_child_that_cannot_start_again_is_tried_again_as_after_a_crash(make_system):
    faults = [None, ValueError("not now"), None]

    class Moody(Clerk):
        async def on_start(self) -> None:
            fault = faults.pop(0)
            if fault is not None:
                raise fault

    system = make_system(ChildSpec(name="a", factory=Moody))

    with pytest.raises(StartFailed, match="not now"):
        system.renew("a")

    assert system.address("a").request(Add(number=4)).get(SOON) == 4


def test_a_child_is_removed_later_unless_it_shall_stay(make_system):
    branch = SupervisorSpec(
        name="branch", children=(ChildSpec(name="a", factory=Clerk), ChildSpec(name="b", factory=Clerk))
    )
    system = make_system(branch)

    system.remove_after(0.0, "branch", "a", lambda: True)
    system.remove_after(0.0, "branch", "b", lambda: False)

    wait_for(lambda: shown(system, "branch/b")["state"] == "stopped")
    assert system.address("branch/a").request(Add(number=4)).get(SOON) == 4
