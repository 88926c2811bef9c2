from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.attempts.budget import RetryBudget, RetryBudgets
from legion_llm.messages.settings import RetryBudgetSettings

BEGAN = 1000.0


def budget(share=0.1, per_second=0.0, saved=2.0):
    return RetryBudget(RetryBudgetSettings(share=share, per_second=per_second, saved=saved), BEGAN)


def taken(bucket, now=BEGAN):
    """Take repeats as long as they are granted at once; return how many."""
    count = 0
    while bucket.delay(now) == 0:
        bucket.take(now)
        count += 1
    return count


def test_a_new_budget_grants_what_may_be_saved_up():
    assert taken(budget(saved=3.0)) == 3


def test_ten_calls_earn_one_repeat():
    bucket = budget()
    taken(bucket)

    for _ in range(10):
        bucket.called()

    assert taken(bucket) == 1


def test_what_is_not_used_is_saved_up_to_the_limit():
    bucket = budget(saved=2.0)

    for _ in range(1000):
        bucket.called()

    assert taken(bucket) == 2


def test_time_earns_repeats_too():
    bucket = budget(share=0.0, per_second=0.5)
    taken(bucket)

    assert bucket.delay(BEGAN) == pytest.approx(2.0)
    assert bucket.delay(BEGAN + 1.0) == pytest.approx(1.0)
    assert taken(bucket, BEGAN + 2.0) == 1


def test_repeats_that_wait_for_their_turn_come_one_after_the_other():
    bucket = budget(share=0.0, per_second=0.5, saved=0.0)

    waits = []
    for _ in range(3):
        waits.append(bucket.delay(BEGAN))
        bucket.take(BEGAN)

    assert waits == [2.0, 4.0, 6.0]


def test_a_budget_that_earns_nothing_grants_nothing_ever():
    assert budget(share=0.0, saved=0.0).delay(BEGAN) == math.inf


def test_every_instance_has_a_budget_of_its_own():
    budgets = RetryBudgets(RetryBudgetSettings())

    assert budgets.of("a", BEGAN) is budgets.of("a", BEGAN + 1)
    assert budgets.of("a", BEGAN) is not budgets.of("b", BEGAN)


@given(
    share=st.sampled_from([0.0, 0.1, 0.5]),
    per_second=st.sampled_from([0.0, 0.5]),
    saved=st.sampled_from([0.0, 1.0, 10.0]),
    steps=st.lists(st.tuples(st.integers(0, 50), st.floats(0, 10)), max_size=20),
)
def test_there_are_never_more_repeats_than_calls_and_time_have_earned(share, per_second, saved, steps):
    bucket, now, calls, repeats = budget(share, per_second, saved), BEGAN, 0, 0

    for more, seconds in steps:
        for _ in range(more):
            bucket.called()
        calls, now = calls + more, now + seconds
        repeats += taken(bucket, now)

    assert repeats <= saved + share * calls + per_second * (now - BEGAN) + 1e-6
