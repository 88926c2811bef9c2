"""What may keep a target from being used."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.router.memory import shortage
from legion_llm.messages.catalogue import CatalogueChanged, CatalogueState, MemoryChanged
from legion_llm.messages.errors import ContextOverflow, NoRouteError, UnsupportedCapability
from legion_llm.messages.settings.routing import TIERS

TO = {"name": "r"}


def rule(provider, model=None):
    return {"name": "r", "then": {"provider": provider, **({"model": model} if model else {})}}


def has_say(table, **route):
    return table.decide(**route).rule == "r"


# -- what is not there


def test_a_model_that_is_not_pulled_is_left_out(table):
    table.rules(rule("ollama", "phi4:14b"))

    assert not has_say(table)
    assert table.told() == ["ollama/phi4:14b: not pulled"]


def test_nor_is_a_default_model_that_is_not_pulled_taken_for_there(table):
    table.instances = (attrs.evolve(table.instances[0], default_model="phi4:14b"), *table.instances[1:])

    assert "ollama/phi4:14b: not pulled" in table.told()


def test_a_model_without_a_tag_is_the_latest(table, everybody):
    ollama = everybody[0].told(CatalogueChanged(instance="ollama", models=("phi4:latest",)))
    table.instances = (attrs.evolve(ollama, default_model=None), *everybody[1:])
    table.rules(rule("ollama", "phi4"))

    assert has_say(table)


@pytest.mark.parametrize(
    ("state", "known"),
    [("fresh", True), ("stale", True), ("empty", True), ("unreachable", False), ("never_fetched", False)],
)
def test_only_a_catalogue_that_was_read_says_what_is_not_there(table, everybody, state, known):
    unknown = attrs.evolve(everybody[0], models=None)
    table.instances = (unknown.told(CatalogueChanged(instance="ollama", models=(), state=CatalogueState(state))),)
    table.rules(rule("ollama", "phi4:14b"))

    if known:
        with pytest.raises(NoRouteError, match="ollama/phi4:14b: not pulled"):
            table.decide()
    else:
        assert has_say(table)


def test_elsewhere_it_is_not_in_the_catalogue_unless_the_settings_call_it_the_default(table, everybody):
    table.instances = (attrs.evolve(everybody[4], default_model="gpt-5"), *everybody[5:])
    table.rules(rule("openai", "gpt-6"))

    assert table.told() == [
        "openai/gpt-6: not in the provider's catalogue",
        "openai/eu/gpt-6: not in the provider's catalogue",
    ]
    assert table.first() == "openai/gpt-5"


# -- what does not fit into memory


@pytest.mark.parametrize(
    ("size", "available", "short"),
    [
        (10 * 2**30, 16384, None),
        (10 * 2**30, 16383, (14336, 14335)),
        (10 * 2**30, 1000, (14336, 0)),
        (None, 1000, None),
        (10 * 2**30, None, None),
    ],
)
def test_a_model_needs_its_size_and_overhead_beside_the_floor(size, available, short):
    assert shortage(size, available, floor_mb=2048, overhead=1.4) == short


def test_a_model_that_does_not_fit_is_left_out(table):
    table.rules(rule("ollama", "qwen3:235b"))
    table.memory = MemoryChanged(available_mb=64_000)

    assert not has_say(table)
    assert table.told()[0] == "ollama/qwen3:235b: does not fit in memory: needs 200704 MB, and 61952 MB may be used"


@pytest.mark.parametrize("change", [{"is_here": False}, {"kind": "vllm"}, "loaded", "unknown size", "unknown memory"])
def test_memory_is_no_objection_where_it_is_not_ours_or_nobody_knows(table, everybody, change):
    table.rules(rule("ollama", "qwen3:235b"))
    table.memory = MemoryChanged(available_mb=None if change == "unknown memory" else 64_000)
    ollama = everybody[0]
    big = ollama.facts_of("qwen3:235b")
    if change == "loaded":
        ollama = attrs.evolve(ollama, models=(attrs.evolve(big, loaded=True),))
    elif change == "unknown size":
        ollama = attrs.evolve(ollama, models=(attrs.evolve(big, size_bytes=None),))
    elif isinstance(change, dict):
        ollama = attrs.evolve(ollama, **change)
    table.instances = (ollama, *everybody[1:])

    assert has_say(table)


# -- what cannot do it


def test_a_model_that_is_known_to_lack_what_is_needed_is_left_out(table):
    table.rules(rule("ollama", "qwen3:8b"))

    assert not has_say(table, capabilities=["vision"])
    assert table.told(capabilities=["vision"]) == ["ollama/qwen3:8b: capability missing: vision"]


def test_a_model_of_which_nobody_knows_is_asked(table):
    assert table.first(capabilities=["vision"]) == "vllm/big"


def test_unless_the_settings_refuse_that(table):
    table.settings["routing"] = {"unknown_capabilities": "refuse"}
    table.instances = table.instances[:1]

    assert table.first(capabilities=["tools"]) == "ollama/qwen3:8b"
    assert table.first(capabilities=["vision"]) == "ollama/llava:7b"
    with pytest.raises(UnsupportedCapability, match="ollama/qwen3:8b: capability missing: audio"):
        table.decide(capabilities=["audio"])


def test_plain_chat_is_believed_of_a_model_that_no_catalogue_describes(table):
    table.settings["routing"] = {"unknown_capabilities": "refuse"}

    assert len(table.chain()) == 7


def test_a_named_model_that_lacks_it_is_refused_with_what_is_missing(table):
    with pytest.raises(UnsupportedCapability, match="ollama/llava:7b: capability missing: tools") as caught:
        table.decide(model="llava:7b", capabilities=["tools"])

    assert caught.value.capability == "tools"


def test_where_no_default_can_do_it_what_discovery_has_found_can(table):
    table.instances = table.instances[:1]

    resolution = table.decide(capabilities=["vision"])

    assert [str(target) for target in resolution.candidates] == ["ollama/llava:7b", "ollama/qwen3:235b"]
    assert (resolution.strategy, resolution.rule) == ("auto", "auto:ollama:llava:7b:chat")


def test_found_models_go_by_tier_and_by_their_place_in_the_catalogue(table, everybody):
    table.instances = tuple(attrs.evolve(each, default_model=None) for each in everybody if each.name != "azure")

    assert table.chain() == [
        "ollama/qwen3:8b",
        "ollama/llava:7b",
        "ollama/qwen3:235b",
        "vllm/big",
        "gateway/small",
        "gateway/medium",
        "openai/gpt-4o",
        "openai/eu/gpt-4o",
        "anthropic/claude-sonnet-4-6",
        "openai/gpt-4o-mini",
        "openai/eu/gpt-4o-mini",
    ]


# -- what is too small


@pytest.mark.parametrize(
    ("tokens", "room", "fits"),
    [(4096, 0, True), (4800, 0, True), (4900, 0, False), (3000, 1500, True), (3000, 1600, False), (0, 9999, True)],
)
def test_a_request_that_certainly_does_not_fit_is_not_sent(table, tokens, room, fits):
    table.rules(rule("ollama", "llava:7b"))

    assert has_say(table, input_tokens=tokens, output_tokens=room) is fits


def test_it_is_told_how_much_does_not_fit_into_how_much(table):
    table.rules(rule("ollama", "llava:7b"))

    assert table.told(input_tokens=9000, output_tokens=1000) == [
        "ollama/llava:7b: context too small: the request has about 10000 tokens, and 4096 fit"
    ]


def test_what_is_too_long_for_everybody_is_an_overflow(table):
    table.instances = table.instances[:2]

    with pytest.raises(ContextOverflow, match="vllm/big: context too small"):
        table.decide(input_tokens=200_000)


def test_what_the_caller_names_is_believed_to_be_long_enough(table):
    assert table.first(model="llava:7b", input_tokens=9000) == "ollama/llava:7b"


# -- what is ill


def test_open_circuits_and_throttled_models_are_left_out_of_rules_too(table):
    table.rules(rule("openai", "gpt-4o"))
    table.ill("openai", retry_at=1010.0)
    table.ill("openai/eu", "closed", adjustment=0.0, throttled={"gpt-4o": 1012.0})

    assert table.told() == ["openai/gpt-4o: circuit open", "openai/eu/gpt-4o: rate limited for another 12.0 s"]


def test_a_rule_s_half_open_target_is_probed_by_one_request_without_loss_of_points(table):
    table.rules({**rule("openai/eu", "gpt-4o"), "priority": 5}, {**rule("anthropic"), "name": "s"})
    table.ill("openai/eu", "half_open", adjustment=-25.0)

    assert table.first() == "openai/eu/gpt-4o"


def test_and_goes_last_for_the_others(table):
    table.rules({**rule("openai/eu", "gpt-4o"), "priority": 100})
    table.ill("openai/eu", "half_open", adjustment=-25.0)
    table.probed = {"openai/eu"}

    assert table.chain()[-1] == "openai/eu/gpt-4o"


def test_a_half_open_instance_of_a_lesser_rule_does_not_take_the_better_one_s_place(table):
    table.rules({**rule("anthropic"), "priority": 5}, {**rule("openai/eu", "gpt-4o"), "name": "s"})
    table.ill("openai/eu", "half_open", adjustment=-25.0)

    assert table.first() == "anthropic/claude-sonnet-4-6"


# -- the default chain


def test_behind_the_default_come_its_tier_the_tiers_above_and_those_below(table):
    table.settings["default_provider"] = "gateway"

    assert [target.tier for target in table.decide().candidates] == [
        "openai_compat", "cloud", "frontier", "frontier", "frontier", "fleet", "local",
    ]  # fmt: skip


def test_the_order_of_the_tiers_is_a_setting(table):
    table.settings["routing"] = {"tier_priority": ["frontier", "local"]}
    table.settings["default_provider"] = "anthropic"

    tiers = [target.tier for target in table.decide().candidates]

    assert list(dict.fromkeys(tiers)) == [
        "frontier",
        "local",
        *(tier for tier in TIERS if tier not in {"frontier", "local"}),
    ]
