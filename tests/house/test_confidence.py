"""How much answers may be trusted, as callers and health hear of it."""

from __future__ import annotations

import legion_llm
import pytest
from legion_llm.messages.routing import HealthWanted

PATIENCE = 10.0


def test_a_caller_that_asks_for_a_score_gets_one(embedded):
    legion = embedded({"demo": {}})

    response = legion.chat("Hello", model="demo", confidence_bands={"low": 0.1}).get(PATIENCE)

    assert (response.quality.score, response.quality.source) == (0.7, "heuristic")
    assert response.enrichments["confidence:score"] == {"score": 0.7, "band": "high", "source": "heuristic"}


def test_a_plain_request_is_not_scored(embedded):
    assert embedded({"demo": {}}).chat("Hello", model="demo").get(PATIENCE).quality is None


def test_where_the_settings_want_it_every_answer_is_scored(embedded):
    legion = embedded({"demo": {}}, confidence={"enabled": True})

    stream = legion.stream("Hello", model="demo")
    for _ in stream:
        pass

    assert stream.reply.get(PATIENCE).quality.band == "high"


def test_a_poor_answer_is_warned_of_and_half_a_failure_to_health(embedded):
    legion = embedded({"demo": {}})

    response = legion.chat("Hello", model="demo", confidence_score=0.1).get(PATIENCE)

    assert response.warnings == ("confidence: very_low (0.1)",)
    legion._system.address("health").request(HealthWanted()).get(PATIENCE)  # health has heard by then
    assert legion.inspect("health")["snapshot"]["demo"]["failures"] == 0.5


def test_bands_that_are_none_are_a_warning_not_a_failure(embedded):
    legion = embedded({"demo": {}})

    response = legion.chat("Hello", model="demo", confidence_bands={"best": 0.1}).get(PATIENCE)

    assert response.quality is None
    assert "there is no band 'best'" in response.warnings[0]


@pytest.mark.parametrize("kind", ["quick_reply", "service"])
def test_those_in_a_hurry_are_not_scored(embedded, kind):
    legion = embedded({"demo": {}}, confidence={"enabled": True})

    assert legion.chat("Hello", model="demo", caller=legion_llm.Caller(type=kind)).get(PATIENCE).quality is None
