"""An explanation as data, and as text."""

from __future__ import annotations

import json

import pytest
from legion_llm.adapters.host.route_json import route_json
from legion_llm.messages.explanation import Explanation, Ranked, RuleVerdict, Source
from legion_llm.messages.reasons import Reason, Rejection
from legion_llm.messages.routing import Route, Target


@pytest.fixture
def told():
    cheap = Target(instance="openai/eu", model="gpt-4o-mini", tier="frontier", rule="cheap", context_window=128_000)
    local = Target(instance="ollama", model="qwen3:8b", tier="local")
    return Explanation(
        route=Route(),
        intent={"cost": "low"},
        strategy="rule",
        candidates=(
            Ranked(
                target=cheap, source=Source.RULE, group=0, priority=5.0, health=-25.0, cost=2.5, probe=25.0, usd=0.00045
            ),
            Ranked(target=local, source=Source.DEFAULT, group=1, health=-10.0, waits=True, usd=None),
        ),
        rejected=(Rejection("azure/d", Reason.RATE_LIMITED, (12.0,)),),
        rules=(
            RuleVerdict(name="cheap", priority=5.0, place=1),
            RuleVerdict(
                name="night",
                priority=0.0,
                note="off-peak",
                rejection=Rejection("night", Reason.SCHEDULE, ("its hours are 22:00-06:00 (UTC)",)),
            ),
            RuleVerdict(name="pull", priority=0.0, rejection=Rejection("ollama/phi4", Reason.NOT_PULLED)),
            RuleVerdict(name="inside", priority=0.0),
        ),
        constraints=(("never_cloud", "inside"),),
    )


def test_people_get_tables(told):
    assert (
        str(told)
        == """\
strategy: rule
intent: cost=low
constraint: never_cloud (from inside)

candidates, in the order in which they are tried:
     target                 tier      chosen by   score  priority              health  cost  est. USD
  1  openai/eu/gpt-4o-mini  frontier  rule cheap    7.5         5  -25+25 (the probe)   2.5  0.000450
  2  ollama/qwen3:8b        local     default       -10         0         -10 (waits)     0   unknown

left out:
  azure/d  rate limited for another 12.0 s

rules:
  cheap   place 1
  night   not in force now: its hours are 22:00-06:00 (UTC)  (off-peak)
  pull    ollama/phi4: not pulled
  inside  its constraint holds"""
    )


def test_an_error_is_shown_first():
    told = Explanation(route=Route(), intent={}, strategy="none", error="nobody is there")

    assert str(told) == "strategy: none\nintent: none\nerror: nobody is there"


def test_programs_get_words_and_numbers(told):
    data = json.loads(json.dumps(route_json(told)))

    assert data["candidates"][0] == {
        "provider": "openai/eu",
        "model": "gpt-4o-mini",
        "tier": "frontier",
        "rule": "cheap",
        "chosen_by": "rule",
        "group": 0,
        "score": 7.5,
        "priority": 5.0,
        "health": -25.0,
        "cost": 2.5,
        "probe": 25.0,
        "waits": False,
        "estimated_usd": 0.00045,
        "price_source": None,
        "compress_level": None,
        "context_window": 128_000,
    }
    assert data["rejected"] == [
        {"target": "azure/d", "reason": "rate_limited", "text": "rate limited for another 12.0 s", "rule": None}
    ]
    assert [each["reason"] for each in data["rules"]] == [None, "schedule", "not_pulled", None]
    assert data["constraints"] == [{"constraint": "never_cloud", "from": "inside"}]
