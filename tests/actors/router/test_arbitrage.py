"""The cheapest capable model, where no rule says more."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.router.suited import is_suited
from legion_llm.messages.catalogue import Capability, ModelFacts

THRIFTY = {"cost": "minimize"}


@pytest.fixture
def hosted(table, everybody):
    """A board without machines of one's own: those are free."""
    table.instances = everybody[2:]
    return table


def test_it_is_off_by_default(hosted):
    assert (hosted.first(), hosted.decide().strategy) == ("gateway/small", "auto")


def test_when_it_is_on_the_cheapest_goes_first_and_the_defaults_stand_behind(hosted):
    hosted.settings |= {"arbitrage": {"enabled": True}, "default_provider": "anthropic"}

    resolution = hosted.decide()

    assert resolution.strategy == "arbitrage"
    assert list(map(str, resolution.candidates)) == [
        "gateway/small",
        "openai/gpt-4o-mini",
        "openai/eu/gpt-4o-mini",
        "openai/gpt-4o",
        "openai/eu/gpt-4o",
        "anthropic/claude-sonnet-4-6",
        "azure/deployment",
    ]


def test_an_intent_to_minimise_cost_has_it_in_any_case(hosted):
    hosted.settings["default_provider"] = "anthropic"

    assert (hosted.first(intent=THRIFTY), hosted.first()) == ("gateway/small", "anthropic/claude-sonnet-4-6")


def test_a_rule_that_fits_goes_before_it(hosted):
    hosted.settings["arbitrage"] = {"enabled": True}
    hosted.rules({"name": "r", "when": THRIFTY, "then": {"provider": "anthropic"}})

    assert hosted.decide(intent=THRIFTY).rule == "r"


def test_where_no_target_of_a_rule_may_be_used_the_cheapest_is_taken(hosted):
    hosted.rules({"name": "r", "when": THRIFTY, "then": {"provider": "anthropic"}})
    hosted.ill("anthropic")

    assert hosted.first(intent=THRIFTY) == "gateway/small"


def test_one_s_own_machines_are_free(table):
    assert table.first(intent=THRIFTY) == "ollama/qwen3:8b"


def test_of_equally_cheap_ones_the_healthiest_goes_first(hosted):
    hosted.instances = hosted.instances[2:]
    hosted.ill("openai", "closed", adjustment=-10.0)

    assert hosted.chain(intent=THRIFTY)[:2] == ["openai/eu/gpt-4o-mini", "openai/gpt-4o-mini"]


def test_what_is_cheapest_depends_on_what_goes_in_and_out(hosted):
    hosted.prices = {"small": (0.05, 100.0), "medium": (1.0, 1.0)}

    assert hosted.first(intent=THRIFTY, input_tokens=100_000, output_tokens=10) == "gateway/small"
    assert hosted.first(intent=THRIFTY, input_tokens=100, output_tokens=4000) == "gateway/medium"


def test_a_model_of_unknown_price_is_never_taken_for_free(hosted):
    told = hosted.explain(intent=THRIFTY)

    assert "gateway/medium: price unknown" in map(str, told.rejected)
    assert [str(each.target) for each in told.candidates][-1] == "azure/deployment"


def test_the_cheapest_must_be_able(hosted, everybody):
    gateway = attrs.evolve(
        everybody[2], models=(ModelFacts(name="small", cannot=frozenset({Capability.TOOLS}), context_window=8000),)
    )
    hosted.instances = (gateway, *everybody[4:])

    assert hosted.first(intent=THRIFTY) == "gateway/small"
    assert hosted.first(intent=THRIFTY, capabilities=["tools"]) == "openai/gpt-4o-mini"
    assert hosted.first(intent=THRIFTY, input_tokens=20_000) == "openai/gpt-4o-mini"


def test_privacy_holds(hosted, table, everybody):
    table.instances = everybody

    assert table.chain(intent={**THRIFTY, "privacy": "strict"}) == [
        "ollama/qwen3:8b",
        "ollama/llava:7b",
        "ollama/qwen3:235b",
        "vllm/big",
    ]


def test_what_does_not_chat_is_no_bargain(hosted):
    assert not any("embedding" in name for name in hosted.chain(intent=THRIFTY))


def test_reasoning_is_not_left_to_the_small(hosted):
    hosted.settings["arbitrage"] = {"unfit_for_reasoning": ["gpt-4o-mini", "small"]}
    intent = {**THRIFTY, "capability": "reasoning"}

    assert hosted.first(intent=intent) == "openai/gpt-4o"
    assert "openai/gpt-4o-mini: not good enough: unfit for reasoning" in map(
        str, hosted.explain(intent=intent).rejected
    )


def test_a_model_below_the_floor_of_quality_is_left_out_and_one_without_a_score_is_not(hosted):
    hosted.settings["arbitrage"] = {"quality": {"small": 0.5, "gpt": 0.6, "gpt-4o-mini": 0.7}, "quality_floor": 0.7}

    told = hosted.explain(intent=THRIFTY)

    assert [str(each.target) for each in told.candidates][:3] == [
        "openai/gpt-4o-mini",
        "openai/eu/gpt-4o-mini",
        "anthropic/claude-sonnet-4-6",
    ]
    assert "gateway/small: not good enough: 0.5, and at least 0.7 is wanted" in map(str, told.rejected)


def test_of_hundreds_of_models_only_so_many_are_considered_as_anyone_would_try(hosted, everybody):
    models = tuple(f"small-{number}" for number in range(300))
    hosted.prices = {name: (price, price) for price, name in enumerate(models, 1)}
    hosted.instances = (attrs.evolve(everybody[2], models=models, default_model=None),)

    assert hosted.chain(intent=THRIFTY) == [f"gateway/small-{number}" for number in range(5)]


@pytest.mark.parametrize(
    "name",
    [
        "text-embedding-3-small", "nomic-embed-text", "bge-m3", "org/bge-large", "rerank-v3", "whisper-1", "tts-1-hd", "gpt-4o-mini-tts",
        "gpt-4o-transcribe", "dall-e-3", "gpt-image-1", "omni-moderation-latest", "gpt-4o-realtime-preview", "gpt-4o-audio-preview", "sora-2",
        "imagen-4", "veo-3", "llama-guard-3", "davinci-002",
    ],
)  # fmt: skip
def test_models_that_do_not_chat_are_known_by_their_names(name):
    assert not is_suited(ModelFacts(name=name))


@pytest.mark.parametrize(
    "name",
    ["gpt-4o", "claude-sonnet-4-6", "qwen3:8b", "o3-mini", "llava:7b", "meta-llama/llama-3.3-70b", "imagine-chat"],
)
def test_and_others_are_taken_to(name):
    assert is_suited(ModelFacts(name=name))


def test_what_is_known_of_a_model_goes_before_its_name():
    assert is_suited(ModelFacts(name="whisper-chat", can=frozenset({Capability.CHAT})))
    assert not is_suited(ModelFacts(name="m", cannot=frozenset({Capability.CHAT})))
