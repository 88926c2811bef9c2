from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.discovery.record import Record, state_of
from legion_llm.messages.catalogue import CatalogueState, ModelFacts

M = (ModelFacts(name="m"),)
TTL = 125.0

NEVER = Record()


@pytest.mark.parametrize(
    ("record", "now", "state"),
    [
        (NEVER, 0.0, "never_fetched"),
        (NEVER.failed("no"), 0.0, "unreachable"),
        (NEVER.answered(M, 0.0), 125.0, "fresh"),
        (NEVER.answered((), 0.0), 125.0, "empty"),
        (NEVER.answered(M, 0.0).failed("no"), 125.0, "fresh"),
        (NEVER.answered(M, 0.0), 125.1, "stale"),
        (NEVER.answered((), 0.0), 125.1, "stale"),
        (NEVER.answered(M, 0.0).failed("no"), 125.1, "unreachable"),
        (NEVER.failed("no").answered(M, 0.0), 1.0, "fresh"),
    ],
)
def test_what_a_record_is_worth(record, now, state):
    assert state_of(record, now, TTL) == state


def test_what_was_listed_before_a_failure_is_kept():
    assert NEVER.answered(M, 0.0).failed("no").models == M


@given(
    looks=st.lists(st.tuples(st.floats(0.1, 300), st.sampled_from([None, (), M])), max_size=8), wait=st.floats(0, 300)
)
def test_an_answer_is_only_believed_while_it_is_young(looks, wait):
    record, now, answered = NEVER, 0.0, None
    for pause, seen in looks:
        now += pause
        record = record.failed("no") if seen is None else record.answered(seen, now)
        answered = now if seen is not None else answered
    now += wait

    state = state_of(record, now, TTL)

    assert state.is_answer == (answered is not None and now - answered <= TTL)
    assert (state is CatalogueState.NEVER_FETCHED) == (not looks)
