from __future__ import annotations

import itertools
import math

import attrs
import pytest
from legion_llm.actors.health.circuit import QUALITY_WEIGHT, TRANSITIONS, Circuit, Event
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import CircuitState
from legion_llm.messages.settings import CircuitBreakerSettings

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
LIMITS = CircuitBreakerSettings()


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
    return opened.cooled(160.0)


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

    assert circuit == Circuit(epoch=8, state=OPEN, failures=3, until=183.0)


def test_a_success_in_between_starts_the_count_anew(closed):
    circuit = failed(failed(closed, 2).succeeded(7), 2)

    assert (circuit.state, circuit.failures) == (CLOSED, 2)


def test_an_open_circuit_is_probed_after_its_cooldown(opened):
    assert opened.until == 160.0
    assert opened.cooled(159.9) is opened


@pytest.mark.parametrize("began", [7, 8])
def test_late_answers_do_not_move_an_open_circuit(opened, began):
    assert opened.succeeded(began) is opened
    assert opened.failed(began, LIMITS, 150.0) is opened


def test_a_cooled_circuit_is_half_open(opened):
    circuit = opened.cooled(160.0)

    assert (circuit.state, circuit.epoch) == (HALF_OPEN, opened.epoch + 1)


def test_a_success_of_the_probe_closes_it_and_forgets_the_failures(half_open):
    circuit = half_open.succeeded(half_open.epoch)

    assert (circuit.state, circuit.failures, circuit.epoch) == (CLOSED, 0, half_open.epoch + 1)


def test_a_single_failure_of_the_probe_opens_it_again_for_a_whole_cooldown(half_open):
    circuit = half_open.failed(half_open.epoch, attrs.evolve(LIMITS, failure_threshold=100), 500.0)

    assert (circuit.state, circuit.until) == (OPEN, 560.0)


def test_a_success_from_before_the_trip_does_not_close_a_half_open_circuit(half_open):
    assert half_open.succeeded(half_open.epoch - 2) is half_open


def test_cooling_means_nothing_to_a_closed_circuit(closed):
    assert closed.cooled(1e9) == closed


# -- what weighs otherwise


def test_six_answers_of_poor_quality_in_a_row_open_it(closed):
    circuit, states = closed, []
    for _ in range(6):
        circuit = circuit.failed(7, LIMITS, 100.0, weight=QUALITY_WEIGHT)
        states.append(circuit.state)

    assert states == [CLOSED] * 5 + [OPEN]


def test_failures_and_poor_answers_add_up(closed):
    circuit = failed(closed, 2)
    for _ in range(2):
        circuit = circuit.failed(7, LIMITS, 100.0, weight=QUALITY_WEIGHT)

    assert circuit.state is OPEN


def test_one_poor_answer_of_the_probe_opens_it_again(half_open):
    assert half_open.failed(half_open.epoch, LIMITS, 500.0, weight=QUALITY_WEIGHT).state is OPEN


def test_a_dead_account_needs_no_second_failure_and_cools_longer(closed):
    circuit = closed.found_dead(7, LIMITS, 100.0)

    assert (circuit.state, circuit.until, circuit.cause) == (OPEN, 400.0, Outcome.ACCOUNT_DEAD)


def test_the_cause_of_an_earlier_trip_is_not_that_of_the_next(closed):
    half_open = closed.found_dead(7, LIMITS, 100.0).cooled(400.0)

    assert failed(half_open).cause is Outcome.TARGET_SICK


def test_a_dead_account_known_from_before_the_last_change_says_nothing_about_now(closed):
    assert closed.found_dead(6, LIMITS, 100.0) is closed


# -- waits that the provider asked for


def test_a_wait_lengthens_an_open_circuit_s(opened):
    assert opened.asked_to_wait(1000.0) == attrs.evolve(opened, until=1000.0)


def test_a_wait_never_shortens_it(opened):
    assert opened.asked_to_wait(101.0) is opened


def test_a_wait_alone_closes_nobody_out(closed, half_open):
    assert closed.asked_to_wait(1000.0) is closed
    assert half_open.asked_to_wait(1000.0) is half_open


# -- every interleaving


@attrs.frozen
class Reference:
    """The rules once more, in other words: what the circuit must look like after all that happened."""

    state: CircuitState = CLOSED
    in_a_row: float = 0.0

    def after(self, step, threshold):
        if step == "cooled":
            return Reference(HALF_OPEN, self.in_a_row) if self.state is OPEN else self
        if self.state is OPEN or step.startswith("late"):
            return self
        if step == "success":
            return Reference()
        count = self.in_a_row + (0.5 if step == "poor" else 1.0)
        is_open = self.state is HALF_OPEN or step == "dead" or count >= threshold
        return Reference(OPEN if is_open else CLOSED, count)


STEPS = {
    "success": lambda circuit, limits, now: circuit.succeeded(circuit.epoch),
    "failure": lambda circuit, limits, now: circuit.failed(circuit.epoch, limits, now),
    "cooled": lambda circuit, limits, now: circuit.cooled(math.inf),
    "dead": lambda circuit, limits, now: circuit.found_dead(circuit.epoch, limits, now),
    "poor": lambda circuit, limits, now: circuit.failed(circuit.epoch, limits, now, weight=QUALITY_WEIGHT),
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
    if before.state is HALF_OPEN and step in ("success", "failure", "poor", "dead"):
        assert after.state is (CLOSED if step == "success" else OPEN)
    if after.state is OPEN and before.state is not OPEN:
        assert after.until == now + (50.0 if step == "dead" else 10.0)


@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_all_histories_of_eight_steps_follow_the_rules(threshold):
    limits = CircuitBreakerSettings(failure_threshold=threshold, cooldown_seconds=10.0, account_cooldown_seconds=50.0)
    reached = {(Circuit(epoch=0), Reference())}

    for now in range(1, 9):
        following = set()
        for (circuit, reference), (name, step) in itertools.product(reached, STEPS.items()):
            after, expected = step(circuit, limits, float(now)), reference.after(name, threshold)
            check(name, circuit, after, expected, now)
            following.add((after, expected))
        reached = following

    assert {circuit.state for circuit, _ in reached} == set(CircuitState)
