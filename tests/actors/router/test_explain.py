"""The decision with everything that led to it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from legion_llm.messages.explanation import Source
from legion_llm.messages.reasons import TEXTS, Reason, Rejection

CHEAP = {"cost": "low"}
RULES = (
    {
        "name": "night",
        "when": CHEAP,
        "then": {"tier": "local"},
        "schedule": {"hours": ["22:00-06:00"]},
        "note": "off-peak",
    },
    {
        "name": "mini",
        "when": CHEAP,
        "then": {"provider": "openai", "model": "gpt-4o-mini"},
        "priority": 5,
        "fallback": "code",
    },
    {"name": "dear", "when": CHEAP, "then": {"provider": "anthropic"}, "cost_multiplier": 3.0},
    {"name": "code", "when": {"task": "code"}, "then": {"provider": "azure"}},
    {"name": "inside", "when": CHEAP, "constraint": "never_cloud", "schedule": {"days": ["sunday"]}},
    {"name": "pull", "when": CHEAP, "then": {"provider": "ollama", "model": "phi4"}},
)


@pytest.fixture
def told(table):
    table.rules(*RULES)
    table.ill("openai/eu", "closed", adjustment=-10.0)
    return table


def verdicts(explanation):
    return {each.name: each for each in explanation.rules}


def test_the_ranked_candidates_show_every_part_of_their_score(told):
    first, second, third, fourth, *_ = told.explain(intent=CHEAP).candidates

    assert (str(first.target), first.source, first.group, first.priority, first.health, first.cost, first.score) == (
        "openai/gpt-4o-mini", Source.RULE, 0, 5.0, 0.0, 0.0, 5.0,
    )  # fmt: skip
    assert (str(second.target), second.health, second.score) == ("openai/eu/gpt-4o-mini", -10.0, -5.0)
    assert (str(third.target), third.source, third.target.rule, third.group) == (
        "azure/deployment", Source.RULE, "code", 1,
    )  # fmt: skip
    assert (str(fourth.target), fourth.cost, fourth.score) == ("anthropic/claude-sonnet-4-6", -20.0, -20.0)


def test_it_shows_what_a_request_would_cost_there_and_never_calls_the_unknown_free(told):
    by_name = {
        str(each.target): each for each in told.explain(intent=CHEAP, input_tokens=2000, output_tokens=1000).candidates
    }

    assert by_name["openai/gpt-4o-mini"].usd == pytest.approx(0.0009)
    assert (by_name["ollama/qwen3:8b"].usd, by_name["ollama/qwen3:8b"].price_source) == (0.0, "own")
    assert (by_name["azure/deployment"].usd, by_name["azure/deployment"].price_source) == (None, None)


def test_for_every_rule_it_says_what_became_of_it(told):
    each = verdicts(told.explain(intent=CHEAP))

    assert {name: verdict.place for name, verdict in each.items()} == {
        "night": None, "mini": 1, "dear": 4, "code": 3, "inside": None, "pull": None,
    }  # fmt: skip
    assert {name: str(verdict.rejection) for name, verdict in each.items() if verdict.rejection} == {
        "night": "night: not in force now: its hours are 22:00-06:00 (UTC)",
        "inside": "inside: not in force now: its days are sunday (UTC)",
        "pull": "ollama/phi4: not pulled",
    }
    assert (each["night"].note, each["mini"].priority) == ("off-peak", 5.0)


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        ({"task": "chat"}, "code: it is for task=code, and the intent says task=chat"),
        ({}, "code: it is for task=code, and the intent says nothing of it"),
    ],
)
def test_a_rule_whose_wish_is_not_met_says_which(told, intent, words):
    assert str(verdicts(told.explain(intent=intent))["code"].rejection) == words


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ("open", Reason.CIRCUIT_OPEN, "circuit open"),
        ("gone", Reason.PROVIDER_UNAVAILABLE, "provider anthropic is not connected"),
        ("private", Reason.PRIVACY, "enterprise privacy forbids tier frontier"),
        ("constraint", Reason.CONSTRAINT, "never_cloud forbids tier frontier"),
        ("off", Reason.BYPASSED, "bypassed: routing is switched off"),
        ("named", Reason.BYPASSED, "bypassed: the caller named a target"),
    ],
)
def test_a_rule_whose_targets_cannot_be_used_says_why(told, everybody, change, reason, words):
    route = {"intent": CHEAP}
    match change:
        case "open":
            told.ill("anthropic")
        case "gone":
            told.instances = everybody[:-1]
        case "private":
            told.settings["enterprise_privacy"] = True
        case "constraint":
            route["constraints"] = ("never_cloud",)
        case "off":
            told.settings["routing"]["enabled"] = False
        case "named":
            route["model"] = "gpt-4o"

    rejection = verdicts(told.explain(**route))["dear"].rejection

    assert rejection.reason is reason
    assert rejection.text.startswith(words)


def test_it_says_which_constraint_came_from_where(told, at):
    told.settings["enterprise_privacy"] = True
    explanation = told.explain(
        intent={**CHEAP, "privacy": "strict"}, constraints=("never_external",), now=at("2026-06-07T12:00")
    )

    assert explanation.constraints == (
        ("enterprise privacy", "settings"),
        ("privacy=strict", "request"),
        ("never_external", "request"),
        ("never_cloud", "inside"),
    )


def test_two_rules_with_one_target_share_its_place(table):
    table.rules({"name": "a", "then": {"provider": "azure"}}, {"name": "b", "then": {"tier": "cloud"}})

    assert {name: each.place for name, each in verdicts(table.explain()).items()} == {"a": 1, "b": 1}


def test_what_stands_in_the_way_of_an_answer_is_told_and_not_raised(told):
    for name in ("openai", "openai/eu"):
        told.ill(name, retry_at=1042.0)

    explanation = told.explain(model="gpt-4o")

    assert (explanation.strategy, explanation.candidates, explanation.retry_after) == ("none", (), 42.0)
    assert explanation.error.startswith("no target may be used now: openai/gpt-4o: circuit open")


def test_nor_is_a_name_that_nobody_has(told):
    assert (
        told.explain(model="gpt-4o-mni", provider="openai").error
        == "no provider serves model 'gpt-4o-mni'; did you mean 'gpt-4o-mini'?"
    )


def test_an_alias_is_shown_as_what_it_stands_for(told):
    told.settings["aliases"] = {"mine": {"intent": CHEAP}}

    explanation = told.explain(model="mine")

    assert (explanation.route.model, explanation.intent["cost"]) == (None, "low")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reason):
    assert TEXTS[reason]


def test_a_reason_becomes_words_when_somebody_asks():
    rejection = Rejection("ollama/m", Reason.MEMORY, (9000, 4000))

    assert str(rejection) == "ollama/m: does not fit in memory: needs 9000 MB, and 4000 MB may be used"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    intent=st.dictionaries(
        st.sampled_from(["cost", "task", "privacy"]), st.sampled_from(["low", "code", "strict", "minimize"])
    ),
    named=st.sampled_from([{}, {"model": "gpt-4o"}, {"tier": "local"}]),
    ill=st.sets(st.sampled_from(["openai", "openai/eu", "ollama", "vllm", "gateway"])),
    hour=st.integers(0, 24 * 7),
)
def test_it_explains_the_very_decision_that_is_made(table, intent, named, ill, hour):
    table.health.clear()
    table.rules(*RULES)
    for name in ill:
        table.ill(name)
    now = table.now + hour * 3600

    explanation = table.explain(intent=intent, now=now, **named)

    if explanation.error is None:
        resolution = table.decide(intent=intent, now=now, **named)
        assert tuple(each.target for each in explanation.candidates) == resolution.candidates
        assert explanation.strategy == resolution.strategy
        assert set(map(str, resolution.rejected)) <= set(map(str, explanation.rejected))
