from __future__ import annotations

import itertools

import attrs
import pytest
from legion_llm.actors.health.circuit import TRANSITIONS, Circuit, Event, Limits
from legion_llm.messages.routing import CircuitState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
LIMITS = Limits(failure_threshold=3, cooldown=60.0)


def failed(circuit, times=1, *, limits=LIMITS, now=100.0):
    for _ in range(times):
        circuit = circuit.failed(circuit.epoch, limits, now)
    return circuit


@pytest.fixture
def closed():
    return Circuit(epoch=7)


@pytest.fixture
def opened(closed):
    return failed(closed, 3)


@pytest.fixture
def half_open(opened):
    return opened.cooled()


@pytest.mark.parametrize(("state", "event"), list(itertools.product(CircuitState, Event)))
def test_every_state_answers_every_event(state, event):
    assert TRANSITIONS[state][event] in CircuitState


@pytest.mark.parametrize("event", [event for event in Event if event is not Event.COOLED])
def test_no_answer_moves_an_open_circuit(event):
    assert TRANSITIONS[OPEN][event] is OPEN


def test_fewer_failures_than_the_limit_leave_it_closed(closed):
    assert failed(closed, 2) == Circuit(epoch=7, failures=2)


def test_failures_in_a_row_up_to_the_limit_open_it(closed):
    circuit = failed(closed, 3, now=123.0)

    assert circuit == Circuit(epoch=8, state=OPEN, failures=3, opened_at=123.0)


def test_a_success_in_between_starts_the_count_anew(closed):
    circuit = failed(failed(closed, 2).succeeded(7), 2)

    assert (circuit.state, circuit.failures) == (CLOSED, 2)


def test_an_open_circuit_is_probed_after_its_cooldown(opened):
    assert opened.retry_at(LIMITS) == 160.0


@pytest.mark.parametrize("began", [7, 8])
def test_late_answers_do_not_move_an_open_circuit(opened, began):
    assert opened.succeeded(began) is opened
    assert opened.failed(began, LIMITS, 150.0) is opened


def test_a_cooled_circuit_is_half_open(opened):
    circuit = opened.cooled()

    assert (circuit.state, circuit.epoch) == (HALF_OPEN, opened.epoch + 1)


def test_a_success_of_the_probe_closes_it_and_forgets_the_failures(half_open):
    circuit = half_open.succeeded(half_open.epoch)

    assert (circuit.state, circuit.failures, circuit.epoch) == (CLOSED, 0, half_open.epoch + 1)


def test_a_single_failure_of_the_probe_opens_it_again_for_a_whole_cooldown(half_open):
    circuit = half_open.failed(half_open.epoch, Limits(failure_threshold=100, cooldown=60.0), 500.0)

    assert (circuit.state, circuit.retry_at(LIMITS)) == (OPEN, 560.0)


def test_a_success_from_before_the_trip_does_not_close_a_half_open_circuit(half_open):
    assert half_open.succeeded(half_open.epoch - 2) is half_open


def test_cooling_means_nothing_to_a_closed_circuit(closed):
    assert closed.cooled() == closed


# -- every interleaving


@attrs.frozen
class Reference:
    """The rules once more, in other words: what the circuit must look like after all that happened."""

    state: CircuitState = CLOSED
    in_a_row: int = 0

    def after(self, step, threshold):
        if step == "cooled":
            return Reference(HALF_OPEN, self.in_a_row) if self.state is OPEN else self
        if self.state is OPEN or step.startswith("late"):
            return self
        if step == "success":
            return Reference()
        count = self.in_a_row + 1
        return Reference(OPEN if self.state is HALF_OPEN or count >= threshold else CLOSED, count)


STEPS = {
    "success": lambda circuit, limits, now: circuit.succeeded(circuit.epoch),
    "failure": lambda circuit, limits, now: circuit.failed(circuit.epoch, limits, now),
    "cooled": lambda circuit, limits, now: circuit.cooled(),
    "late success": lambda circuit, limits, now: circuit.succeeded(circuit.epoch - 1),
    "late failure": lambda circuit, limits, now: circuit.failed(circuit.epoch - 1, limits, now),
    "late success of long ago": lambda circuit, limits, now: circuit.succeeded(circuit.epoch - 3),
}


def check(step, before, after, expected, now):
    """What holds after every step of every history."""
    assert (after.state, after.failures) == (expected.state, expected.in_a_row)
    assert after.epoch == before.epoch + (after.state is not before.state)
    if before.state is OPEN and step != "cooled":
        assert after is before
    if step.startswith("late"):
        assert after is before
    if before.state is HALF_OPEN and step in ("success", "failure"):
        assert after.state is (CLOSED if step == "success" else OPEN)
    if after.state is OPEN and before.state is not OPEN:
        assert after.opened_at == now


@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_all_histories_of_nine_steps_follow_the_rules(threshold):
    limits = Limits(failure_threshold=threshold, cooldown=10.0)
    reached = {(Circuit(epoch=0), Reference())}

    for now in range(1, 10):
        following = set()
        for (circuit, reference), (name, step) in itertools.product(reached, STEPS.items()):
            after, expected = step(circuit, limits, float(now)), reference.after(name, threshold)
            check(name, circuit, after, expected, now)
            following.add((after, expected))
        reached = following

    assert {circuit.state for circuit, _ in reached} == set(CircuitState)
