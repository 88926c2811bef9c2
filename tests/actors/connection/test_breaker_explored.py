"""The whole breaker, explored: circuit and gate, calls in flight, and what is on its way between the two, in every order that can happen.

The circuit lives in health, the gate in the connection; reports and news travel between them through mailboxes. A world is all of that as one value.
Breadth first, from a healthy world, every event is applied to every world that can be reached; worlds that no event can tell apart are one, so there
are finitely many. What must hold is checked at every step.
"""

from __future__ import annotations

import collections
import math

import attrs
import pytest
from legion_llm.actors.connection.gate import STALE, Gate, Pass
from legion_llm.actors.health.circuit import Circuit
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import CircuitState, HealthChanged
from legion_llm.messages.settings import CircuitBreakerSettings

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
SUCCESS, SICK, DEAD, NOTHING = Outcome.SUCCESS, Outcome.TARGET_SICK, Outcome.ACCOUNT_DEAD, Outcome.CANCELLED
NOW = 1.0
MOST_CALLS, MOST_REPORTS, MOST_NEWS = 3, 2, 2


@attrs.frozen
class World:
    """Everything that the next event may depend on.

    Attributes:
        calls: What those hold that are in flight.
        reports: Outcome and epoch, on their way to health.
        news: State and epoch, on their way to the connection.
    """

    circuit: Circuit
    gate: Gate
    calls: tuple[Pass, ...] = ()
    reports: tuple[tuple[Outcome, int], ...] = ()
    news: tuple[tuple[CircuitState, int], ...] = ()


def news_of(state, epoch):
    return HealthChanged(instance="x", state=state, adjustment=0.0, epoch=epoch)


START = World(Circuit(epoch=0), Gate(probe_seconds=30.0, news=news_of(CLOSED, 0)))


# -- what can happen: each yields (what, the world after it)


def a_call_comes(world, _settings):
    if len(world.calls) < MOST_CALLS and world.gate.refusal("m", NOW) is None:
        assert world.gate.state is not OPEN
        assert world.gate.probe is None or world.gate.probe_until <= NOW, "a second probe beside a living lease"
        gate, held = world.gate.entered(NOW)
        yield "enter", attrs.evolve(world, gate=gate, calls=(*world.calls, held))


def a_call_ends(world, _settings):
    for number, held in enumerate(world.calls):
        rest = world.calls[:number] + world.calls[number + 1 :]
        after = attrs.evolve(world, gate=world.gate.left(held), calls=rest)
        yield "vanish", after
        if len(world.reports) < MOST_REPORTS:
            for outcome in (SUCCESS, SICK, DEAD):
                report = (outcome, world.gate.epoch_of(held))
                yield f"{outcome}", attrs.evolve(after, reports=(*world.reports, report))


def a_report_arrives(world, settings):
    if not world.reports:
        return
    (outcome, epoch), *rest = world.reports
    circuit = world.circuit
    if outcome is SUCCESS:
        moved = circuit.succeeded(epoch)
    elif outcome is SICK:
        moved = circuit.failed(epoch, settings, NOW)
    else:
        moved = circuit.found_dead(epoch, settings, NOW)
    assert moved == circuit or epoch == circuit.epoch, "a late result moved the circuit"
    yield "report", told(attrs.evolve(world, reports=tuple(rest)), moved)


def the_circuit_cools(world, _settings):
    if world.circuit.state is OPEN:
        yield "cool", told(world, world.circuit.cooled(math.inf))


def news_arrives(world, _settings):
    if world.news:
        first, *rest = world.news
        yield "news", attrs.evolve(world, gate=world.gate.told(news_of(*first)), news=tuple(rest))


def news_is_lost(world, _settings):
    if world.news:
        yield "loss", attrs.evolve(world, news=world.news[1:])


def the_probe_lease_expires(world, _settings):
    if world.gate.probe is not None and world.gate.probe_until > NOW:
        yield "expire", attrs.evolve(world, gate=attrs.evolve(world.gate, probe_until=0.0))


def health_tells_again(world, _settings):
    """It knows which news met a full mailbox."""
    if not world.news and world.gate.news.epoch != world.circuit.epoch:
        yield "again", attrs.evolve(world, news=((world.circuit.state, world.circuit.epoch),))


def health_restarts(world, _settings):
    yield "restart", told(world, Circuit(epoch=world.circuit.epoch + 1))


EVENTS = (
    a_call_comes,
    a_call_ends,
    a_report_arrives,
    the_circuit_cools,
    news_arrives,
    news_is_lost,
    the_probe_lease_expires,
    health_tells_again,
    health_restarts,
)


def told(world, circuit):
    """Health tells of what has changed; when too much is on its way, the oldest is lost."""
    news = world.news
    if circuit.epoch != world.circuit.epoch:
        news = (*news, (circuit.state, circuit.epoch))[-MOST_NEWS:]
    return attrs.evolve(world, circuit=circuit, news=news)


# -- one world, one value


OLD = Pass(-2)


def normal(world):
    """Return the same world in its simplest form: what no event can tell apart is equal in it.

    Epochs are only compared, so their ranks will do. A call that speaks for an earlier epoch than the gate's, or for none, and a report from an
    earlier one than the circuit's will never be heard again, whatever they say.
    """
    circuit, gate = world.circuit, world.gate
    here = gate.news.epoch
    rank = {epoch: number for number, epoch in enumerate(sorted({circuit.epoch, here, *[e for _, e in world.news]}))}
    speaks = [gate.epoch_of(held) == here for held in world.calls]
    probe = None if gate.probe is None else 1
    calls = [
        Pass(rank[here], None if held.probe is None else 1) if speaking else OLD
        for held, speaking in zip(world.calls, speaks, strict=True)
    ]
    failures = circuit.failures if circuit.state is CLOSED else 0.0
    return World(
        circuit=Circuit(epoch=rank[circuit.epoch], state=circuit.state, failures=failures),
        gate=attrs.evolve(
            gate,
            news=news_of(gate.state, rank[here]),
            probes=min(gate.probes, 1),
            probe=probe,
            probe_until=gate.probe_until if probe else 0.0,
        ),
        calls=tuple(sorted(calls, key=lambda held: held.epoch)),
        reports=tuple(
            [(outcome, rank[epoch]) if epoch == circuit.epoch else (SUCCESS, STALE) for outcome, epoch in world.reports]
        ),
        news=tuple([(state, rank[epoch]) for state, epoch in world.news]),
    )


def check(world):
    gate = world.gate
    if gate.state is HALF_OPEN:
        speaking = [held for held in world.calls if gate.epoch_of(held) == gate.news.epoch]
        assert len(speaking) == (gate.probe is not None), (
            "a lease without a probe, or two probes that speak for one epoch"
        )
    assert gate.news.epoch <= world.circuit.epoch


def explored(settings):
    """Return every world that can be reached, with what can follow it."""
    start = normal(START)
    follows, waiting = {start: []}, collections.deque([start])
    while waiting:
        world = waiting.popleft()
        check(world)
        for event in EVENTS:
            for name, outcome in event(world, settings):
                after = normal(outcome)
                follows[world].append((name, after))
                if after not in follows:
                    follows[after] = []
                    waiting.append(after)
    return follows


def is_well(world):
    return world.circuit.state is world.gate.state is CLOSED and world.circuit.epoch == world.gate.news.epoch


def those_that_can_recover(follows):
    """Return the worlds from which health can come back by itself, without its actor being restarted."""
    before = collections.defaultdict(list)
    for world, following in follows.items():
        for name, after in following:
            if name != "restart":
                before[after].append(world)
    waiting = [world for world in follows if is_well(world)]
    found = set(waiting)
    while waiting:
        for world in before[waiting.pop()]:
            if world not in found:
                found.add(world)
                waiting.append(world)
    return found


@pytest.mark.parametrize("threshold", [1, 2])
def test_whatever_happens_in_whatever_order_one_probe_speaks_and_there_is_a_way_back(threshold):
    follows = explored(CircuitBreakerSettings(failure_threshold=threshold))

    assert len(follows) > 1000
    assert {world.circuit.state for world in follows} == {world.gate.state for world in follows} == set(CircuitState)
    assert those_that_can_recover(follows) == follows.keys()
