"""What pykka promises holds for our actors: its references, its futures, its registry; and callbacks of hosts harm no actor."""

from __future__ import annotations

import pykka
import pytest
from legion_llm.messages.errors import ActorCrashed, UnhandledMessage
from legion_llm.runtime import ASYNCIO, TRIO, ChildSpec, Reply, Restart
from zoo import HOMES, SOON, Add, Clerk, Doer, ExpectedError, Fail, Gate, Hold, Note, Notes, shown, wait_for


@pytest.fixture(params=[TRIO, ASYNCIO], ids=str)
def system(request, make_system):
    """A system with one clerk, which does not come back when it stops."""
    return make_system(ChildSpec(name="clerk", factory=Clerk, home=request.param, restart=Restart.TRANSIENT))


@pytest.fixture
def reference(system):
    """pykka's own reference to the clerk."""
    return system._cells["clerk"].process._actor.actor_ref


def test_pykkas_reference_asks_and_tells(reference):
    reference.tell(Note(what="by pykka"))

    assert reference.ask(Notes(), timeout=SOON) == ("by pykka",)
    assert isinstance(reference.ask(Add(number=2), block=False), Reply)


def test_errors_reach_who_asked_by_pykkas_reference(reference):
    with pytest.raises(ExpectedError):
        reference.ask(Fail(), timeout=SOON)
    with pytest.raises(ActorCrashed):
        reference.ask(Fail(error="bug"), timeout=SOON)


def test_pykkas_registry_knows_who_lives(system, reference):
    alive = reference in pykka.ActorRegistry.get_by_class(Clerk)
    system.shutdown()

    assert alive
    assert reference not in pykka.ActorRegistry.get_all()
    assert not reference.is_alive()


def test_a_crashed_incarnation_leaves_the_registry(system, reference):
    system.kill("clerk")
    system.address("clerk").request(Add()).get(SOON)

    assert not reference.is_alive()
    assert reference not in pykka.ActorRegistry.get_all()
    with pytest.raises(pykka.ActorDeadError):
        reference.tell(Note())


def test_pykkas_stop_stops_and_waits(system, reference):
    told = reference.ask(Add(number=3), block=False)

    assert reference.stop(timeout=SOON)
    assert told.get(SOON) == 3
    assert not reference.is_alive()
    wait_for(lambda: shown(system, "clerk")["state"] == "stopped")


def test_pykkas_proxies_do_not_reach_into_an_actors_state(reference):
    """An actor takes the messages of its protocol, and no others."""
    with pytest.raises(UnhandledMessage, match="'clerk' has no handler for ProxyGetAttr"):
        reference.proxy().sum.get(SOON)


# -- callbacks of hosts, on the actors' loops


def leave(_reply):
    raise SystemExit("the host's own business")


@HOMES
def test_a_callback_that_would_end_the_program_ends_no_actor(make_system, home, caplog):
    gate = Gate()
    system = make_system(ChildSpec(name="doer", factory=lambda: Doer(gate), home=home))
    system.add("", ChildSpec(name="clerk", factory=Clerk, home=home))
    reply = system.address("doer").request(Hold())
    gate.wait_arrived()
    reply.add_done_callback(leave)
    gate.open()

    assert reply.get(SOON) == "through 0"
    wait_for(lambda: "the host's own business" in caplog.text)
    assert system.address("clerk").request(Add(number=1)).get(SOON) == 1
    assert shown(system, "doer")["crashes"] == 0


def test_in_the_hosts_own_thread_its_exit_is_its_own():
    reply = Reply()
    reply.set(1)

    with pytest.raises(SystemExit):
        reply.add_done_callback(leave)
