"""An actor may break wherever it runs its own code; it costs itself and nobody else."""

from __future__ import annotations

import pytest
from legion_llm.messages.errors import ActorStopped, StartFailed
from legion_llm.runtime import Actor, ActorSystem, ChildSpec, Intensity, Restart, SupervisorSpec, SystemState
from zoo import HOMES, SOON, Add, Clerk, Note

BUGS = pytest.mark.parametrize("bug", [ValueError, SystemExit, KeyboardInterrupt])
PLACES = pytest.mark.parametrize("place", ["constructor", "on_start"])


class Fragile(Actor[Add | Note]):
    """Breaks in one place as often as it has bugs left for it."""

    def __init__(self, place: str, bugs: list) -> None:
        super().__init__()
        self._place = place
        self._bugs = bugs
        self._break("constructor")

    def _break(self, here: str) -> None:
        if here == self._place and self._bugs:
            raise self._bugs.pop()("broken")

    async def on_start(self) -> None:
        self._break("on_start")

    async def on_stop(self) -> None:
        self._break("on_stop")

    def on_add(self, message: Add) -> int:
        return message.number

    def on_note(self, message: Note) -> None:
        self.stop()

    def snapshot(self):
        self._break("snapshot")
        return {"whole": True}


@pytest.fixture
def fragile(make_system):
    """Start a clerk and an actor that breaks later on; return the system and the list that takes its bugs."""

    def start(place, home, **more):
        bugs = []
        child = ChildSpec(name="fragile", factory=lambda: Fragile(place, bugs), home=home, **more)
        return make_system(child, ChildSpec(name="clerk", factory=Clerk)), bugs

    return start


@HOMES
@PLACES
@BUGS
def test_a_first_start_that_breaks_fails_the_system_and_says_why(home, place, bug):
    child = ChildSpec(name="fragile", factory=lambda: Fragile(place, [bug]), home=home)
    system = ActorSystem("stillborn")

    with pytest.raises(StartFailed, match=r"'fragile' could not start: .*broken"):
        system.start(SupervisorSpec(name="root", children=(child,)))

    assert system.state is SystemState.FAILED


@HOMES
@PLACES
@BUGS
def test_a_restart_that_breaks_is_tried_again(fragile, home, place, bug):
    system, bugs = fragile(place, home)
    bugs += [bug, bug]

    system.kill("fragile")

    assert system.address("fragile").request(Add(number=7)).get(SOON) == 7
    assert (bugs, system.state) == ([], SystemState.READY)


@HOMES
@PLACES
@BUGS
def test_a_child_that_breaks_while_it_is_added_is_not_added(make_system, home, place, bug):
    system = make_system(ChildSpec(name="clerk", factory=Clerk))

    with pytest.raises(StartFailed, match="broken"):
        system.add("", ChildSpec(name="fragile", factory=lambda: Fragile(place, [bug]), home=home))

    assert system.address("clerk").request(Add(number=1)).get(SOON) == 1
    assert system.state is SystemState.READY


@HOMES
@BUGS
def test_a_cleanup_that_breaks_does_not_keep_the_others_from_theirs(fragile, home, bug):
    system, bugs = fragile("on_stop", home)
    bugs.append(bug)

    system.shutdown()

    assert (bugs, system.state) == ([], SystemState.STOPPED)
    assert system.inspect("fragile")["crashes"] == 1


@HOMES
@BUGS
def test_an_actor_that_stops_itself_and_breaks_while_it_cleans_up_has_crashed(fragile, home, bug):
    system, bugs = fragile("on_stop", home, restart=Restart.TRANSIENT)
    bugs.append(bug)

    system.address("fragile").request(Note()).get(SOON)

    assert system.address("fragile").request(Add(number=7)).get(SOON) == 7


@HOMES
@BUGS
def test_a_snapshot_that_breaks_is_shown_as_such(fragile, home, bug):
    system, bugs = fragile("snapshot", home)
    bugs.append(bug)

    broken, whole = system.inspect("fragile"), system.inspect("fragile")

    assert broken["snapshot"] == {"snapshot_failed": f"{bug.__name__}: broken"}
    assert (whole["snapshot"], whole["crashes"]) == ({"whole": True}, 0)


@HOMES
@BUGS
def test_who_asked_meanwhile_hears_of_a_system_that_broke_for_good(home, bug):
    bugs = []
    child = ChildSpec(name="fragile", factory=lambda: Fragile("on_start", bugs), home=home)
    limits = Intensity(max_restarts=3, max_seconds=60.0, backoff_initial=0.0)
    system = ActorSystem("worn out").start(SupervisorSpec(name="root", children=(child,), intensity=limits))
    bugs += [bug] * 10

    system.kill("fragile")

    with pytest.raises(ActorStopped, match="failed"):
        system.address("fragile").request(Add()).get(SOON)
    system.shutdown()
    assert system.state is SystemState.STOPPED
