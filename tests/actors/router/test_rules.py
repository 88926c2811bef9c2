"""Rules, as a settings file has them, and where they send requests."""

from __future__ import annotations

import pytest
from legion_llm.messages.errors import NoRouteError, PrivacyModeError
from legion_llm.messages.routing import Exclusion

FAST = {"name": "fast", "when": {"cost": "low"}, "then": {"provider": "openai/eu", "model": "gpt-4o-mini"}}
LOCAL = {"name": "local", "when": {"cost": "low"}, "then": {"tier": "local"}}
CLAUDE = {"name": "claude", "when": {"task": "code"}, "then": {"provider": "anthropic"}}
CHEAP = {"cost": "low"}


# -- which rule


def test_a_rule_sends_requests_where_it_says(table):
    table.rules(FAST)

    resolution = table.decide(intent=CHEAP)

    assert (str(resolution.candidates[0]), resolution.strategy, resolution.rule) == (
        "openai/eu/gpt-4o-mini",
        "rule",
        "fast",
    )


def test_a_target_carries_what_its_rule_says_of_it(table):
    table.rules({**LOCAL, "then": {"tier": "local", "compress_level": 2}})

    target = table.decide(intent=CHEAP).candidates[0]

    assert (target.rule, target.compress_level, target.context_window) == ("local", 2, 40_000)


@pytest.mark.parametrize(
    ("intent", "fits"),
    [
        ({"cost": "low"}, True),
        ({"cost": "low", "mood": "good"}, True),
        ({"cost": "Low"}, False),
        ({"cost": "normal"}, False),
        ({}, False),
    ],
)
def test_every_wish_of_a_rule_must_be_met(table, intent, fits):
    table.rules(FAST)

    assert (table.decide(intent=intent).rule == "fast") is fits


def test_the_default_intent_is_laid_under_the_caller_s(table):
    table.settings["routing"] = {"default_intent": {"cost": "low", "task": "code"}, "rules": [CLAUDE]}

    assert table.decide().rule == "claude"
    assert table.decide(intent={"task": "chat"}).rule is None


def test_the_default_intent_keeps_what_the_settings_do_not_say(table):
    table.settings["routing"] = {"default_intent": {"cost": "low"}}
    table.settings["routing"]["rules"] = [{**FAST, "when": {"privacy": "normal", "cost": "low"}}]

    assert table.decide().rule == "fast"


@pytest.mark.parametrize(
    ("fast", "local", "first"),
    [
        ({}, {}, "fast"),  # of equals the first
        ({"priority": 1}, {"priority": 2}, "local"),
        ({}, {"cost_multiplier": 0.9}, "local"),
        ({"priority": 1}, {"cost_multiplier": 0.95}, "fast"),
        ({"priority": 5, "cost_multiplier": 1.6}, {}, "local"),
        ({"priority": -1}, {}, "local"),
    ],
)
def test_the_score_is_priority_and_what_the_cost_multiplier_gains(table, fast, local, first):
    table.rules({**FAST, **fast}, {**LOCAL, **local})

    assert table.decide(intent=CHEAP).rule == first


def test_health_is_part_of_the_score(table):
    table.rules({**FAST, "priority": 10}, LOCAL)
    table.ill("openai/eu", "closed", adjustment=-20.0)

    assert table.chain(intent=CHEAP)[:2] == ["ollama/qwen3:8b", "openai/eu/gpt-4o-mini"]


def test_of_a_provider_s_instances_the_healthiest_goes_first(table):
    table.rules({"name": "any", "then": {"provider": "openai", "model": "gpt-4o"}})
    table.ill("openai", "closed", adjustment=-10.0)

    assert table.chain()[:2] == ["openai/eu/gpt-4o", "openai/gpt-4o"]


# -- which place


@pytest.mark.parametrize(
    ("then", "targets"),
    [
        ({"provider": "openai"}, ["openai/gpt-4o", "openai/eu/gpt-4o"]),
        ({"provider": "openai/eu"}, ["openai/eu/gpt-4o"]),
        ({"provider": "openai/eu", "model": "gpt-4o-mini"}, ["openai/eu/gpt-4o-mini"]),
        ({"tier": "local"}, ["ollama/qwen3:8b"]),
        ({"tier": "cloud"}, ["azure/deployment"]),
        ({"tier": "frontier"}, ["anthropic/claude-sonnet-4-6", "openai/gpt-4o", "openai/eu/gpt-4o"]),
        ({"tier": "frontier", "model": "gpt-4o-mini"}, ["openai/gpt-4o-mini", "openai/eu/gpt-4o-mini"]),
        ({"tier": "frontier", "provider": "openai"}, ["openai/gpt-4o", "openai/eu/gpt-4o"]),
        ({"model": "claude-sonnet-4-6"}, ["anthropic/claude-sonnet-4-6"]),
        ({"model": "openai/eu/gpt-4o"}, ["openai/eu/gpt-4o"]),
        ({"model": "medium"}, ["gateway/medium"]),
    ],
)
def test_a_place_is_a_provider_a_tier_a_model_or_several_of_them(table, then, targets):
    table.rules({"name": "r", "then": then})

    resolution = table.decide()

    assert [str(target) for target in resolution.candidates if target.rule == "r"] == targets


def test_the_preferred_provider_and_model_of_a_tier_can_be_set(table):
    table.settings["routing"] = {"tiers": {"frontier": {"providers": ["openai/eu"], "model": "gpt-4o-mini"}}}
    table.rules({"name": "r", "then": {"tier": "frontier"}})

    assert table.chain()[:2] == ["openai/eu/gpt-4o-mini", "openai/gpt-4o-mini"]
    assert table.chain(tier="frontier") == ["openai/eu/gpt-4o-mini", "openai/gpt-4o-mini"]


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ({"provider": "gemini"}, None),
        ({"tier": "local", "provider": "openai"}, "local: tier unavailable: no provider in tier local"),
        ({"tier": "frontier", "model": "nobody-s"}, "nobody-s: not in the provider's catalogue"),
    ],
)
def test_a_place_that_is_not_there_is_told_and_the_request_goes_on(table, then, words):
    if words is None:
        words = "anthropic: provider anthropic is not connected: it is switched off, or has no credential"
        then = {"provider": "anthropic"}
        table.instances = table.instances[:-1]
    table.rules({"name": "r", "then": then})

    resolution = table.decide()

    assert (resolution.strategy, list(map(str, resolution.rejected))) == ("auto", [words])


# -- fallbacks


def with_fallback(fallback, **more):
    return {**FAST, "fallback": fallback, **more}


def test_behind_the_best_rule_comes_its_fallback_then_the_other_rules_then_the_defaults(table):
    table.rules(with_fallback("claude", priority=2), {**LOCAL, "priority": 1}, CLAUDE)

    assert table.chain(intent=CHEAP) == [
        "openai/eu/gpt-4o-mini",
        "anthropic/claude-sonnet-4-6",  # whatever its own rule wishes
        "ollama/qwen3:8b",
        "vllm/big",
        "gateway/small",
        "azure/deployment",
        "openai/gpt-4o",
        "openai/eu/gpt-4o",
    ]


def test_a_fallback_may_be_a_place(table):
    table.rules(with_fallback({"tier": "cloud", "compress_level": 1}))

    target = table.decide(intent=CHEAP).candidates[1]

    assert (str(target), target.rule, target.compress_level) == ("azure/deployment", "fast", 1)


def test_fallbacks_are_followed_from_rule_to_rule(table):
    table.rules(with_fallback("claude"), {**CLAUDE, "fallback": "gate"}, {"name": "gate", "when": {"no": "no"}, **GATE})

    assert table.chain(intent=CHEAP)[:3] == ["openai/eu/gpt-4o-mini", "anthropic/claude-sonnet-4-6", "gateway/medium"]


GATE = {"then": {"model": "medium"}}


def test_a_fallback_stands_in_where_no_target_of_the_rule_may_be_used(table):
    table.rules(with_fallback("claude", priority=60), LOCAL, CLAUDE)
    table.ill("openai/eu", retry_at=1060.0)

    assert table.chain(intent=CHEAP)[:2] == ["anthropic/claude-sonnet-4-6", "ollama/qwen3:8b"]


def test_a_fallback_that_is_not_in_force_is_passed_over_and_told(table):
    asleep = {**CLAUDE, "schedule": {"hours": ["22:00-06:00"]}, "fallback": "gate"}
    table.rules(with_fallback("claude"), asleep, {"name": "gate", "when": {"no": "no"}, **GATE})

    assert table.chain(intent=CHEAP)[:2] == ["openai/eu/gpt-4o-mini", "gateway/medium"]
    assert table.told(intent=CHEAP) == ["claude: not in force now: its hours are 22:00-06:00 (UTC)"]


def test_only_the_best_rule_s_fallback_is_followed(table):
    table.rules({**FAST, "priority": 1}, {**LOCAL, "fallback": "claude"}, CLAUDE)

    assert table.chain(intent=CHEAP)[:3] == ["openai/eu/gpt-4o-mini", "ollama/qwen3:8b", "vllm/big"]


# -- schedules


def test_a_rule_that_is_not_in_force_has_no_say(table, at):
    table.rules({**FAST, "schedule": {"hours": ["22:00-06:00"], "timezone": "Europe/Berlin"}})

    assert table.decide(intent=CHEAP, now=at("2026-06-03T23:00", "Europe/Berlin")).rule == "fast"
    assert table.decide(intent=CHEAP, now=at("2026-06-03T12:00", "Europe/Berlin")).rule is None


# -- constraints

NEVER_CLOUD = {"name": "inside", "when": {"data": "customer"}, "constraint": "never_cloud"}
CUSTOMER = {"data": "customer"}


@pytest.mark.parametrize(
    ("constraint", "tiers"),
    [
        ("never_cloud", {"local", "fleet", "openai_compat"}),
        ("never_external", {"local", "fleet"}),
    ],
)
def test_a_constraint_closes_tiers_to_every_candidate(table, constraint, tiers):
    table.rules({**NEVER_CLOUD, "constraint": constraint})

    assert {target.tier for target in table.decide(intent=CUSTOMER).candidates} == tiers


@pytest.mark.parametrize("source", ["rule", "fallback", "other rule", "default", "arbitrage"])
def test_it_holds_whatever_chose_the_candidate(table, source):
    match source:
        case "rule":
            table.rules(NEVER_CLOUD, {"name": "r", "then": {"tier": "frontier"}})
        case "fallback":
            table.rules(NEVER_CLOUD, {"name": "r", "then": {"tier": "local"}, "fallback": {"tier": "frontier"}})
        case "other rule":
            table.rules(
                NEVER_CLOUD,
                {"name": "r", "priority": 1, "then": {"tier": "local"}},
                {"name": "s", "then": {"tier": "frontier"}},
            )
        case "default":
            table.rules(NEVER_CLOUD)
            table.settings["default_provider"] = "openai"
        case "arbitrage":
            table.rules(NEVER_CLOUD)
            table.settings["arbitrage"] = {"enabled": True}

    resolution = table.decide(intent=CUSTOMER)

    assert {"cloud", "frontier"}.isdisjoint({target.tier for target in resolution.candidates})
    assert any("never_cloud forbids tier frontier" in str(each) for each in resolution.rejected)


def test_it_holds_for_what_the_caller_names(table):
    table.rules(NEVER_CLOUD)

    with pytest.raises(NoRouteError, match="openai/gpt-4o: never_cloud forbids tier frontier"):
        table.decide(intent=CUSTOMER, model="gpt-4o")


def test_a_constraint_of_a_rule_that_does_not_fit_does_not_hold(table):
    table.rules(NEVER_CLOUD)

    assert table.first(intent={"data": "public"}, tier="cloud") == "azure/deployment"


def test_a_constraint_out_of_its_schedule_does_not_hold(table, at):
    table.rules({**NEVER_CLOUD, "schedule": {"days": ["saturday", "sunday"]}})

    assert table.first(intent=CUSTOMER, tier="cloud", now=at("2026-06-05T12:00")) == "azure/deployment"
    with pytest.raises(NoRouteError):
        table.decide(intent=CUSTOMER, tier="cloud", now=at("2026-06-06T12:00"))


def test_a_rule_may_choose_and_constrain(table):
    table.rules({"name": "r", "then": {"tier": "frontier"}, "constraint": "never_cloud"})

    assert {target.tier for target in table.decide().candidates} == {"local", "fleet", "openai_compat"}


def test_a_request_may_bring_constraints_of_its_own(table):
    assert {target.tier for target in table.decide(constraints=("never_external",)).candidates} == {"local", "fleet"}


# -- privacy


def test_what_is_strictly_private_stays_inside(table):
    table.rules({"name": "r", "when": {"privacy": "strict"}, "then": {"tier": "frontier"}})

    assert {target.tier for target in table.decide(intent={"privacy": "strict"}).candidates} == {"local", "fleet"}


@pytest.mark.parametrize("named", [{"model": "gpt-4o"}, {"provider": "azure"}, {"tier": "openai_compat"}])
def test_and_is_refused_where_only_the_outside_is_named(table, named):
    with pytest.raises(PrivacyModeError, match="privacy=strict forbids tier"):
        table.decide(intent={"privacy": "strict"}, **named)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("route", [{}, {"intent": {"cost": "minimize"}}, {"tier": "local"}])
def test_in_privacy_mode_nothing_goes_outside(table, enabled, route):
    table.settings |= {"enterprise_privacy": True, "default_provider": "vllm"}
    table.rules({"name": "r", "then": {"tier": "frontier"}, "fallback": {"tier": "cloud"}})
    table.settings["routing"]["enabled"] = enabled

    assert {target.tier for target in table.decide(**route).candidates} <= {"local", "fleet"}


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("named", [{"model": "gpt-4o"}, {"provider": "anthropic"}, {"tier": "cloud"}])
def test_in_privacy_mode_the_outside_is_refused(table, enabled, named):
    table.settings |= {"enterprise_privacy": True, "routing": {"enabled": enabled}}

    with pytest.raises(PrivacyModeError, match="enterprise privacy forbids tier"):
        table.decide(**named)


def test_a_private_request_that_waits_for_its_own_machines_is_told_when_to_come_back(table):
    table.ill("ollama", retry_at=1030.0)
    table.ill("vllm", retry_at=1020.0)

    with pytest.raises(NoRouteError) as caught:
        table.decide(intent={"privacy": "strict"})

    assert caught.value.retry_after == 20.0


# -- exclusions


@pytest.mark.parametrize(
    ("exclusions", "gone"),
    [
        ([{"provider": "openai"}], {"openai/gpt-4o", "openai/eu/gpt-4o"}),
        ([{"provider": "openai/eu"}], {"openai/eu/gpt-4o"}),
        ([{"model": "gpt-4o"}], {"openai/gpt-4o", "openai/eu/gpt-4o"}),
        ([{"tier": "local"}, {"tier": "fleet"}], {"ollama/qwen3:8b", "vllm/big"}),
        ([{"provider": "openai", "model": "gpt-5"}], set()),
        ([{}], set()),
    ],
)
def test_a_caller_may_exclude(table, exclusions, gone):
    everything = set(table.chain())

    resolution = table.decide(exclude=tuple(Exclusion(**each) for each in exclusions))

    assert everything - {str(target) for target in resolution.candidates} == gone
    assert {str(each) for each in resolution.rejected} == {f"{name}: excluded by the caller" for name in gone}


# -- switched off


def test_with_routing_switched_off_rules_constraints_and_failover_are_gone(table):
    table.rules(FAST, {**NEVER_CLOUD, "when": {}})
    table.settings["routing"]["enabled"] = False
    table.settings["default_provider"] = "openai"
    table.settings["arbitrage"] = {"enabled": True}
    table.ill("openai")

    resolution = table.decide(intent=CHEAP)

    assert [str(target) for target in resolution.candidates] == ["openai/gpt-4o"]
    assert (resolution.strategy, resolution.rejected) == ("default", ())


def test_with_routing_switched_off_what_is_named_is_asked_and_nothing_else(table):
    table.settings["routing"] = {"enabled": False}

    assert table.chain(model="gpt-4o") == ["openai/gpt-4o"]


# -- aliases


@pytest.mark.parametrize(
    ("alias", "first"),
    [
        ("openai/eu/gpt-4o-mini", "openai/eu/gpt-4o-mini"),
        ({"provider": "anthropic"}, "anthropic/claude-sonnet-4-6"),
        ({"tier": "cloud"}, "azure/deployment"),
        ({"intent": {"cost": "low"}}, "openai/eu/gpt-4o-mini"),
        ({}, "ollama/qwen3:8b"),
    ],
)
def test_an_alias_stands_for_what_the_settings_say(table, alias, first):
    table.settings["aliases"] = {"mine": alias}
    table.rules(FAST)

    assert table.first(model="mine") == first


def test_what_the_caller_says_itself_goes_before_the_alias(table):
    table.settings["aliases"] = {"mine": {"provider": "anthropic", "intent": {"cost": "low"}}}
    table.rules(FAST)

    assert table.first(model="mine", provider="openai/eu") == "openai/eu/gpt-4o"
    assert table.first(model="mine", tier="local", provider="ollama") == "ollama/qwen3:8b"


def test_but_no_caller_lets_out_what_an_alias_keeps_inside(table):
    table.settings["aliases"] = {"private": {"intent": {"privacy": "strict"}}}

    resolution = table.decide(model="private", intent={"privacy": "normal"})

    assert {target.tier for target in resolution.candidates} == {"local", "fleet"}
