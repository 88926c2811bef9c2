from __future__ import annotations

import pytest
from legion_llm.actors.inference.escalations import Escalations
from legion_llm.messages.attempt import AttemptRecord


class Hands:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
def escalations(clock):
    return Escalations(clock)


def attempt(target, outcome="success"):
    provider, _, model = target.partition("/")
    return AttemptRecord(provider=provider, model=model, tier="cloud", outcome=outcome)


def test_a_move_is_counted_by_reason_source_and_target(escalations):
    escalations.add([attempt("a/m", "throttled"), attempt("b/m", "quality_failure"), attempt("c/m")])

    told = escalations.describe()
    assert told["total"] == 2
    assert told["by_reason"] == {"throttled": 1, "quality_failure": 1}
    assert told["by_source"] == {"a/m": 1, "b/m": 1}
    assert told["by_target"] == {"b/m": 1, "c/m": 1}
    assert [(move["source"], move["target"]) for move in told["last"]] == [("b/m", "c/m"), ("a/m", "b/m")]


def test_a_second_try_at_the_same_target_is_no_move(escalations):
    escalations.add([attempt("a/m", "target_sick"), attempt("a/m")])

    assert escalations.describe()["total"] == 0


def test_the_rate_is_that_of_the_last_five_minutes(escalations, clock):
    escalations.add([attempt("a/m", "throttled"), attempt("b/m")])
    clock.now += 301
    for _ in range(10):
        escalations.add([attempt("a/m", "throttled"), attempt("b/m")])

    assert escalations.describe()["per_minute"] == 2.0


def test_two_hundred_moves_are_kept_and_all_are_counted(escalations):
    for _ in range(250):
        escalations.add([attempt("a/m", "throttled"), attempt("b/m")])

    told = escalations.describe()
    assert (told["total"], told["by_reason"]) == (250, {"throttled": 200})
