"""What has happened between two looks."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.adapters.debug.watch import Look, actors_of, events_between

CALM = Look(
    state="ready",
    actors={"router": {"restarts": 0, "last_error": None}},
    circuits={"openai": "closed"},
    catalogues={"openai": {"state": "fresh", "models": 2}},
)


def request(**fields):
    return {"request_id": "req_1", "seconds": 0.5, "error": None, "outcome": "success", "routing": None, **fields}


def between(**changes):
    return events_between(CALM, attrs.evolve(CALM, **changes), slow_ms=1000)


def test_calm_says_nothing():
    assert between() == []


@pytest.mark.parametrize(
    ("changes", "topic"),
    [
        ({"state": "draining"}, "system.state"),
        ({"actors": {"router": {"restarts": 1, "last_error": "ValueError"}}}, "actor.restarted"),
        ({"circuits": {"openai": "open"}}, "circuit.open"),
        ({"catalogues": {"openai": {"state": "unreachable", "models": 2}}}, "catalogue.changed"),
        ({"requests": (request(error="ProviderDown", outcome="target_sick"),)}, "request.failed"),
        ({"requests": (request(routing={"attempts": 2, "chain": ["a", "b"]}),)}, "request.failed_over"),
        ({"requests": (request(seconds=2.0),)}, "request.slow"),
    ],
)
def test_what_changed_is_an_event(changes, topic):
    assert [each for each, _ in between(**changes)] == [topic]


def test_a_circuit_that_closes_again_says_so():
    broken = attrs.evolve(CALM, circuits={"openai": "open"})

    assert events_between(broken, CALM, slow_ms=1) == [("circuit.closed", {"instance": "openai", "from": "open"})]


def test_a_request_is_told_once():
    seen = attrs.evolve(CALM, requests=(request(error="ProviderDown"),))

    assert events_between(seen, seen, slow_ms=1) == []


def test_actors_are_found_wherever_they_stand_in_the_tree():
    tree = {"name": "", "children": [{"name": "a"}, {"name": "b", "children": [{"name": "b/c"}]}]}

    assert set(actors_of(tree)) == {"a", "b/c"}
    assert actors_of(None) == {}
