"""Whichever actor is killed under load: what was acknowledged is kept, once, and every book says the same."""

from __future__ import annotations

import collections
import random
import time

import legion_llm
import pytest
from upstream import openai_upstream

VICTIMS = (
    "store",
    "metering",
    "budgets",
    "audit",
    "conversations",
    "health",
    "router",
    "inference",
    "connections/a",
    "connections/b",
)
ROUNDS = 30
TOGETHER = 6
# What each request may use by the estimate: the budget counts it where nobody knows what a call has used.
ESTIMATE = 106


def wait_until(condition, timeout=20.0):
    """Poll a state that has no signal of its own."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def end_of(reply):
    try:
        return reply.get(timeout=30)
    except legion_llm.LegionError as error:
        return error


@pytest.fixture
def legion(embedded, make_provider, tmp_path):
    generous = {"max_restarts": 1000, "backoff_initial": 0.001, "backoff_max": 0.01}
    patient = {"max_queue": 500, "timeouts": {"connect": 9, "first_byte": 9, "first_content": 9, "gap": 9}}
    with openai_upstream() as one, openai_upstream() as two:
        yield embedded(
            {"a": make_provider(one, **patient), "b": make_provider(two, **patient)},
            runtime=generous,
            store={"path": str(tmp_path / "store.db")},
            budgets=[{"tokens": 10**9}],
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_killing_actors_under_load_loses_nothing_acknowledged_and_doubles_nothing(seed, legion):
    dice = random.Random(seed)
    ends = []
    for number in range(ROUNDS):
        names = [f"c{number}.{each}" for each in range(TOGETHER)]
        replies = [
            legion.chat("Hello", model="m-1", max_tokens=100, conversation_id=name, timeout=30) for name in names
        ]
        legion._system.kill(dice.choice(VICTIMS))
        ends += zip(names, map(end_of, replies), strict=True)
    wait_until(lambda: isinstance(end_of(legion.chat("Hello", model="m-1", max_tokens=100)), legion_llm.Response))
    wait_until(lambda: legion.budgets().get(timeout=10)[0].reserved_tokens == 0)
    (state,) = legion.budgets().get(timeout=10)

    answers = {name: end for name, end in ends if isinstance(end, legion_llm.Response)}
    rows = legion.usage(group_by=("request", "outcome")).get(timeout=10).rows
    succeeded = collections.Counter({row.group[0]: row.succeeded for row in rows})
    unknown = sum(row.attempts - row.succeeded for row in rows)
    used = sum(row.input_tokens + row.output_tokens for row in rows)

    assert len(answers) > ROUNDS * TOGETHER / 4
    assert {succeeded[answer.request_id] for answer in answers.values()} == {1}
    assert {len(legion.audit(request_id=answer.request_id).get(timeout=10)) for answer in answers.values()} == {1}
    for name, answer in answers.items():
        if not any("context_store" in warning for warning in answer.warnings):
            assert legion.conversation(name).describe().get(timeout=10).count == 2
    assert state.used_tokens == used + unknown * ESTIMATE
