"""Rules and what they refer to, as settings."""

from __future__ import annotations

import pytest
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import (
    AliasSettings,
    ArbitrageSettings,
    FallbackSettings,
    PlaceSettings,
    ProviderSettings,
    RoutingSettings,
    RuleSettings,
    Settings,
    TiersSettings,
)

LOCAL = PlaceSettings(tier="local")


def rule(name="r", **fields):
    return RuleSettings(name=name, **{"then": LOCAL, **fields})


def settings(*rules, providers=("openai", "ollama"), **more):
    return Settings(
        providers={name: ProviderSettings() for name in providers}, routing=RoutingSettings(rules=rules), **more
    )


def refused(build, path, words):
    with pytest.raises(SettingsError, match=words) as caught:
        build()
    assert caught.value.path == path


def test_the_defaults_are_the_documented_ones():
    routing = RoutingSettings()

    assert (routing.enabled, routing.rules, routing.unknown_capabilities) == (True, (), "allow")
    assert dict(routing.default_intent) == {"privacy": "normal", "capability": "moderate", "cost": "normal"}
    assert routing.tier_priority == ("local", "fleet", "openai_compat", "cloud", "frontier")
    assert {tier: section.providers for tier, section in routing.tiers.items()} == {
        "local": ("ollama",),
        "fleet": ("ollama", "vllm"),
        "openai_compat": (),
        "cloud": ("bedrock", "azure", "gemini"),
        "frontier": ("anthropic", "openai"),
    }


def test_a_rule_s_defaults_are_the_documented_ones():
    each = rule()

    assert (dict(each.when), each.priority, each.cost_multiplier) == ({}, 0.0, 1.0)
    assert (each.constraint, each.fallback, each.schedule, each.note) == (None, None, None, None)


def test_arbitrage_is_off_by_default():
    arbitrage = ArbitrageSettings()

    assert (arbitrage.enabled, dict(arbitrage.quality), arbitrage.quality_floor) == (False, {}, 0.7)
    assert arbitrage.unfit_for_reasoning == ("gpt-4o-mini", "gemini-2.0-flash", "llama3")


def test_a_fallback_written_as_text_is_a_rule():
    assert rule(fallback="other").fallback == FallbackSettings(rule="other")


def test_an_alias_written_as_text_is_a_model():
    assert Settings(aliases={"fast": "gpt-4o-mini"}).aliases["fast"] == AliasSettings(model="gpt-4o-mini")


@pytest.mark.parametrize(
    ("build", "path", "words"),
    [
        (lambda: RuleSettings(name="r"), "then", "rule 'r' goes nowhere"),
        (lambda: RuleSettings(name=" ", then=LOCAL), "name", "must not be blank"),
        (lambda: RuleSettings(name="r", constraint="never_cloud", fallback="s"), "fallback", "goes nowhere"),
        (lambda: rule(constraint="never_clod"), "constraint", "did you mean 'never_cloud'"),
        (lambda: rule(cost_multiplier=-0.1), "cost_multiplier", "at least 0"),
        (lambda: rule(priority=float("nan")), "priority", "between"),
        (PlaceSettings, "tier", "name a tier, a provider or a model"),
        (lambda: PlaceSettings(tier="direct"), "tier", "'direct' is not possible"),
        (lambda: PlaceSettings(tier="local", compress_level=4), "compress_level", "between 0 and 3"),
        (FallbackSettings, "rule", "name either a rule"),
        (lambda: FallbackSettings(rule="r", tier="local"), "rule", "name either a rule"),
        (lambda: RoutingSettings(tier_priority=("local", "local")), "tier_priority.1", "stands there twice"),
        (lambda: RoutingSettings(tier_priority=("direct",)), "tier_priority.0", "no tier 'direct'"),
        (lambda: RoutingSettings(rules=(rule("a"), rule("b"), rule("a"))), "rules.2.name", "also the name of rule 0"),
        (lambda: RoutingSettings(unknown_capabilities="permit"), "unknown_capabilities", "is not possible"),
        (lambda: ArbitrageSettings(quality={"m": 1.5}), "quality.m", "between 0 and 1"),
        (lambda: ArbitrageSettings(quality_floor=7), "quality_floor", "between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(build, path, words):
    refused(build, path, words)


# -- what must exist


@pytest.mark.parametrize("name", ["opnai", "openai/us", "vllm", "Openai"])
def test_a_rule_that_names_an_unknown_provider_is_refused_by_name(name):
    bad = rule("night", then=PlaceSettings(provider=name))

    refused(lambda: settings(rule(), bad), "routing.rules.1.then.provider", f"rule 'night': no provider '{name}'")


@pytest.mark.parametrize("name", ["openai", "ollama", "anthropic"])
def test_providers_that_are_configured_or_used_without_being_named_are_known(name):
    settings(rule(then=PlaceSettings(provider=name)))


def test_an_instance_is_known_by_its_full_name():
    providers = {"openai": ProviderSettings(instances={"eu": ProviderSettings()})}

    Settings(providers=providers, routing=RoutingSettings(rules=(rule(then=PlaceSettings(provider="openai/eu")),)))


def test_while_no_provider_is_named_every_family_may_be_found():
    settings(rule(then=PlaceSettings(provider="vllm")), providers=())


def test_a_fallback_to_an_unknown_provider_is_refused():
    bad = rule(fallback=FallbackSettings(provider="opnai"))

    refused(lambda: settings(bad), "routing.rules.0.fallback.provider", "did you mean 'openai'")


def test_a_fallback_to_an_unknown_rule_is_refused_with_the_nearest():
    refused(
        lambda: settings(rule("cheap"), rule("b", fallback="chep")),
        "routing.rules.1.fallback",
        "rule 'b' falls back to 'chep', which is no rule; did you mean 'cheap'",
    )


def test_a_fallback_to_a_mere_constraint_is_refused():
    constraint = RuleSettings(name="c", constraint="never_cloud")

    refused(lambda: settings(constraint, rule("b", fallback="c")), "routing.rules.1.fallback", "goes nowhere")


@pytest.mark.parametrize(
    ("fallbacks", "number", "ring"),
    [
        ({"a": "a"}, 0, "a -> a"),
        ({"a": "b", "b": "a"}, 0, "a -> b -> a"),
        ({"x": None, "a": "b", "b": "c", "c": "b"}, 1, "a -> b -> c -> b"),
    ],
)
def test_fallbacks_that_go_round_in_a_ring_are_refused_and_shown(fallbacks, number, ring):
    rules = [rule(name, fallback=other) for name, other in fallbacks.items()]

    refused(lambda: settings(*rules), f"routing.rules.{number}.fallback", f"round in a ring: {ring}")


def test_a_long_line_of_fallbacks_is_no_ring():
    rules = [rule(f"r{number}", fallback=f"r{number + 1}") for number in range(3000)]

    settings(*rules, rule("r3000"))


def test_two_rules_may_fall_back_to_the_same_one():
    settings(rule("a", fallback="c"), rule("b", fallback="c"), rule("c"))


def test_a_tier_names_known_providers_and_may_keep_its_defaults():
    section = TiersSettings().frontier
    bad = RoutingSettings(tiers=TiersSettings(cloud=type(section)(providers=("azur",))))

    settings()
    refused(lambda: Settings(routing=bad), "routing.tiers.cloud.providers.0", "did you mean 'azure'")


@pytest.mark.parametrize(
    ("aliases", "path", "words"),
    [
        ({"fast": AliasSettings(provider="opnai")}, "aliases.fast.provider", "alias 'fast': no provider 'opnai'"),
        ({"fast": "slow", "slow": "gpt-4o"}, "aliases.fast.model", "stands for alias 'slow'"),
        ({"fast": "fast"}, "aliases.fast.model", "stands for alias 'fast'"),
        ({"auto": "gpt-4o"}, "aliases.auto", "has a meaning already"),
        ({" ": "gpt-4o"}, "aliases. ", "has a meaning already"),
    ],
)
def test_an_alias_stands_for_something_that_is_there(aliases, path, words):
    refused(lambda: settings(aliases=aliases), path, words)


def test_a_default_provider_that_does_not_exist_is_refused():
    refused(
        lambda: settings(default_provider="opnai"), "default_provider", "no provider 'opnai'; did you mean 'openai'"
    )
