from __future__ import annotations

import pytest
from legion_llm.actors.embedder.choice import Source, catalogues_of, choose_targets
from legion_llm.messages.chat import ModelInfo
from legion_llm.messages.embedding import EmbedRequest
from legion_llm.messages.errors import (
    EmbeddingUnavailableError,
    PrivacyModeError,
    UnknownModelError,
    UnknownProviderError,
)
from legion_llm.messages.settings import EmbeddingSettings


def source(name, kind=None, tier="frontier", **more):
    provider = name.partition("/")[0]
    return Source(name=name, provider=provider, kind=kind or provider, tier=tier, **more)


OPENAI = source("openai")
EU = source("openai/eu", "openai")
ANTHROPIC = source("anthropic")
OLLAMA = source("ollama", tier="local")
VLLM = source("vllm", tier="fleet")
GATEWAY = source("gateway", "openai_compat", "openai_compat")
DEMO = source("demo", tier="local")


def chosen(sources, catalogues=None, *, settings=None, closed=frozenset(), **request):
    known = {name: frozenset(models) for name, models in (catalogues or {}).items()}
    targets = choose_targets(
        EmbedRequest(inputs=("x",), **request), sources, known, EmbeddingSettings(**settings or {}), closed
    )
    return list(map(str, targets))


def test_the_fallback_chain_is_walked_in_its_order():
    assert chosen([OPENAI, EU, OLLAMA], {"ollama": ["bge-large:latest"]}) == [
        "ollama/bge-large",
        "openai/text-embedding-3-small",
        "openai/eu/text-embedding-3-small",
    ]


def test_ollama_is_left_out_when_none_of_its_preferred_models_was_pulled():
    assert chosen([OPENAI, OLLAMA], {"ollama": ["qwen3:latest"]}) == ["openai/text-embedding-3-small"]


def test_ollama_is_asked_for_the_best_that_was_pulled():
    pulled = ["snowflake-arctic-embed:latest", "nomic-embed-text:latest"]

    assert chosen([OLLAMA], {"ollama": pulled}) == ["ollama/nomic-embed-text"]


def test_an_ollama_that_has_not_shown_its_catalogue_is_asked_for_the_first_preferred():
    assert chosen([OLLAMA]) == ["ollama/mxbai-embed-large"]


def test_the_setting_goes_first_and_the_chain_stays_behind_it():
    settings = {"provider": "openai", "default_model": "text-embedding-3-large"}

    assert chosen([OPENAI, OLLAMA], {"ollama": ["bge-large:latest"]}, settings=settings) == [
        "openai/text-embedding-3-large",
        "ollama/bge-large",
        "openai/text-embedding-3-small",
    ]


def test_a_default_model_goes_to_whoever_serves_it():
    settings = {"default_model": "bge-m3", "provider_fallback": ()}

    assert chosen([OPENAI, VLLM], {"vllm": ["bge-m3"]}, settings=settings)[0] == "vllm/bge-m3"


def test_whoever_lists_an_embedding_model_comes_after_the_chain_near_before_far():
    catalogues = {"gateway": ["large", "acme-embed"], "vllm": ["bge-m3-embed"]}

    assert chosen([GATEWAY, OPENAI, VLLM, DEMO], catalogues) == [
        "openai/text-embedding-3-small",
        "demo/demo",
        "vllm/bge-m3-embed",
        "gateway/acme-embed",
    ]


def test_models_by_provider_can_be_set():
    settings = {"provider_models": {"gateway": "special", "openai": "text-embedding-3-large"}}

    assert chosen([GATEWAY, OPENAI], settings=settings) == ["openai/text-embedding-3-large", "gateway/special"]


def test_providers_that_make_no_embeddings_are_never_asked():
    assert chosen([ANTHROPIC, OPENAI]) == ["openai/text-embedding-3-small"]
    with pytest.raises(EmbeddingUnavailableError, match="configure openai"):
        chosen([ANTHROPIC])
    with pytest.raises(EmbeddingUnavailableError, match=r"embedding\.provider_models\.anthropic"):
        chosen([ANTHROPIC], provider="anthropic")


def test_a_request_that_names_a_model_stays_with_it():
    assert chosen([OPENAI, EU, OLLAMA], model="text-embedding-3-large") == [
        "openai/text-embedding-3-large",
        "openai/eu/text-embedding-3-large",
    ]


def test_a_model_is_found_by_catalogue_with_and_without_its_tag():
    catalogues = {"ollama": ["all-minilm:latest"], "openai": ["gpt-4o"]}

    assert chosen([OPENAI, OLLAMA], catalogues, model="all-minilm") == ["ollama/all-minilm"]
    assert chosen([OPENAI, OLLAMA], catalogues, model="all-minilm:latest") == ["ollama/all-minilm:latest"]


def test_a_model_may_be_named_with_its_instance():
    assert chosen([OPENAI, EU], model="openai/eu/anything") == ["openai/eu/anything"]


def test_a_gateway_of_unknown_catalogue_may_have_any_model_and_a_known_one_only_its_own():
    assert chosen([GATEWAY, OPENAI], model="acme-7") == ["gateway/acme-7"]
    with pytest.raises(UnknownModelError, match="'acme-7'"):
        chosen([GATEWAY, OPENAI], {"gateway": ["other"]}, model="acme-7")


def test_a_provider_can_be_named_alone_or_with_a_model():
    assert chosen([OPENAI, EU, OLLAMA], provider="openai/eu") == ["openai/eu/text-embedding-3-small"]
    assert chosen([OPENAI, GATEWAY], provider="gateway", model="x") == ["gateway/x"]
    with pytest.raises(UnknownProviderError, match="'azure'; there are openai"):
        chosen([OPENAI], provider="azure")


def test_texts_stay_out_of_closed_tiers():
    catalogues = {"ollama": ["bge-large:latest"]}

    assert chosen([OPENAI, OLLAMA], catalogues, closed={"frontier"}) == ["ollama/bge-large"]
    with pytest.raises(PrivacyModeError, match="openai/text-embedding-3-small"):
        chosen([OPENAI], closed={"frontier"})


def test_a_catalogue_that_holds_the_default_chat_model_alone_is_unknown_unless_the_settings_state_it():
    models = [ModelInfo(id="m", provider="vllm", tier="fleet"), ModelInfo(id="m", provider="gateway", tier="fleet")]
    sources = [source("vllm", default_model="m"), source("gateway", "openai_compat", default_model="m", is_listed=True)]

    assert catalogues_of(models, sources) == {"gateway": frozenset({"m"})}
