from __future__ import annotations

import pytest
from legion_llm.actors.router.catalogue import Instance, family_of
from legion_llm.messages.catalogue import CatalogueChanged, CatalogueState, ModelFacts


def instance(**fields):
    return Instance(**{"name": "ollama", "provider": "ollama", "kind": "ollama", "tier": "local", **fields})


@pytest.mark.parametrize(
    ("asked", "has"),
    [
        ("qwen3:8b", True),
        ("qwen3:latest", True),
        ("qwen3", True),
        ("qwen", False),
        ("qwen3:70b", False),
        ("gemma3", False),
        ("", False),
    ],
)
def test_an_instance_has_what_its_catalogue_lists_and_a_name_without_a_tag_means_the_latest(asked, has):
    assert instance(models=("qwen3:8b", "qwen3:latest", "gemma3:4b")).has(asked) is has


@pytest.mark.parametrize("models", [None, (), ("gemma3:4b",)])
@pytest.mark.parametrize("asked", ["qwen3.5:latest", "qwen3.5"])
def test_an_instance_has_its_default_model_whatever_is_listed(models, asked):
    assert instance(default_model="qwen3.5:latest", models=models).has(asked)


def test_an_instance_of_unknown_catalogue_is_not_known_to_have_anything_else():
    assert not instance(default_model="qwen3.5:latest").has("qwen3")


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("us.anthropic.claude-sonnet-4-6-v1:0", "bedrock"),
        ("eu.meta.llama3", "bedrock"),
        ("anthropic.claude-3-haiku", "bedrock"),
        ("mistral.mixtral", "bedrock"),
        ("cohere.command", "bedrock"),
        ("amazon.nova-pro", "bedrock"),
        ("ai21.jamba", "bedrock"),
        ("gpt-4o-mini", "openai"),
        ("chatgpt-4o-latest", "openai"),
        ("o1", "openai"),
        ("o3-mini", "openai"),
        ("o4-mini", "openai"),
        ("claude-sonnet-4-6", "anthropic"),
        ("gemini-2.5-pro", "gemini"),
        ("qwen3:8b", "ollama"),
        ("hf.co/unsloth/x", "ollama"),
        ("llama3", None),
        ("o30", None),
        ("o5-mini", None),
        ("my-gpt-4", None),
        ("mistral", None),
        ("", None),
    ],
)
def test_a_model_name_speaks_of_its_family(model, family):
    assert family_of(model) == family


# -- what news of a catalogue change

QWEN = ModelFacts(name="qwen3:latest", context_window=40960, size_bytes=5 << 30)


def news(*models, state="fresh"):
    return CatalogueChanged(instance="ollama", models=models, state=CatalogueState(state))


def test_a_bare_name_is_a_model_of_which_nothing_else_is_known():
    assert news("m").models == (ModelFacts(name="m"),) == instance(models=("m",)).models


@pytest.mark.parametrize("state", ["fresh", "stale", "empty"])
def test_a_catalogue_that_was_read_says_what_there_is_and_what_not(state):
    told = instance(models=("old",)).told(news(QWEN, state=state))

    assert (told.has("qwen3"), told.has("old"), told.is_known) == (True, False, True)


def test_an_unreachable_instance_is_believed_to_have_what_it_had_and_perhaps_more():
    told = instance().told(news(QWEN)).told(news(QWEN, state="unreachable"))

    assert (told.has("qwen3"), told.is_known) == (True, False)


@pytest.mark.parametrize("state", ["unreachable", "never_fetched"])
def test_one_that_was_never_reached_keeps_the_models_of_its_settings(state):
    assert instance(models=("m",)).told(news(state=state)).has("m")


def test_what_is_known_of_a_model_is_found_by_its_name_with_and_without_the_latest_tag():
    told = instance().told(news(QWEN))

    assert (told.facts_of("qwen3:latest"), told.facts_of("qwen3"), told.facts_of("x")) == (QWEN, QWEN, None)
