"""What providers say of their models, each in its own words."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.catalogue_fields import MOST_MODELS
from legion_llm.adapters.dialects.gemini import Gemini
from legion_llm.adapters.dialects.ollama import Ollama
from legion_llm.adapters.dialects.ollama.catalogue import (
    parse_details,
    parse_loaded,
    parse_pulled,
    with_details,
    with_memory,
)
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.messages.catalogue import Capability, ModelFacts
from legion_llm.messages.errors import LegionError, ProviderError, UpstreamError

CHAT, EMBED, STREAM, TOOLS = Capability.CHAT, Capability.EMBED, Capability.STREAM, Capability.TOOLS
VISION, AUDIO, DOCUMENTS = Capability.VISION, Capability.AUDIO, Capability.DOCUMENTS
STRUCTURED, THINKING = Capability.STRUCTURED, Capability.THINKING

OPENAI = OpenAIChat(max_tokens_field="max_tokens")
DIALECTS = [OPENAI, AnthropicMessages(), Ollama(), Gemini()]
READERS = [*[each.parse_models for each in DIALECTS], parse_details, parse_loaded]


def listed(*entries):
    """Return the facts of OpenAI-like entries."""
    return OPENAI.parse_models(json.dumps({"data": entries}).encode())


# -- OpenAI and whoever imitates it


def test_openai_lists_names_and_dates_and_nothing_else():
    assert listed({"id": "gpt-4o", "object": "model", "created": 1715367049, "owned_by": "system"}) == (
        ModelFacts(name="gpt-4o", created=1715367049),
    )


def test_vllm_tells_the_context_that_it_serves(golden):
    [facts] = OPENAI.parse_models(golden("catalogues/vllm.json"))

    assert (facts.name, facts.context_window) == ("Qwen/Qwen3-32B", 32768)


def test_a_gateway_tells_what_its_models_read_and_take(golden):
    [facts] = OPENAI.parse_models(golden("catalogues/openrouter.json"))

    assert (facts.context_window, facts.max_output) == (200_000, 64_000)
    assert facts.can == {TOOLS, THINKING, VISION, DOCUMENTS}
    assert facts.cannot == {STRUCTURED, AUDIO}


@pytest.mark.parametrize(
    ("entry", "window"),
    [
        ({"context_window": 131072}, 131072),
        ({"max_context_length": 32768.0}, 32768),
        ({"meta": {"n_ctx_train": 8192, "n_params": 1}}, 8192),
        ({"max_model_len": 0}, None),
        ({"max_model_len": True}, None),
        ({"max_model_len": "32768"}, None),
        ({"max_model_len": float("1e400")}, None),
    ],
)
def test_a_window_goes_by_many_names_and_nonsense_is_unknown(entry, window):
    text = json.dumps({"data": [{"id": "m", **entry}]}).replace("Infinity", "null")

    assert OPENAI.parse_models(text.encode())[0].context_window == window


def test_flags_and_types_tell_what_a_model_is():
    mistral = {"id": "m", "capabilities": {"completion_chat": True, "function_calling": True, "vision": False}}
    embedder, painter = {"id": "e", "type": "embedding"}, {"id": "p", "type": "image"}

    facts = listed(mistral, embedder, painter)

    assert [(each.can, each.cannot) for each in facts] == [
        ({CHAT, TOOLS}, {VISION}),
        ({EMBED}, {CHAT}),
        (set(), {CHAT}),
    ]


def test_a_list_may_stand_alone():
    assert OPENAI.parse_models(b'[{"id": "a"}]') == (ModelFacts(name="a"),)


def test_an_entry_without_a_usable_name_is_passed_over():
    entries = ({"id": 7}, "a", None, {"id": ""}, {"id": "a\nb"}, {"id": "x" * 301}, {"id": "ok"}, {"id": "ok"})

    assert listed(*entries) == (ModelFacts(name="ok"),)


def test_a_flood_of_models_is_cut():
    assert len(listed(*[{"id": f"m{number}"} for number in range(MOST_MODELS + 1)])) == MOST_MODELS


# -- Anthropic


def test_anthropic_tells_windows_and_capabilities_and_retired_models_are_gone(golden):
    sonnet, old = AnthropicMessages().parse_models(golden("catalogues/anthropic.json"))

    assert (sonnet.context_window, sonnet.max_output, sonnet.created) == (1_000_000, 64_000, 1770163200)
    assert sonnet.can == {CHAT, STREAM, TOOLS, VISION, DOCUMENTS, STRUCTURED, THINKING}
    assert (old.name, old.context_window, old.cannot) == ("claude-haiku-old", None, {THINKING})


# -- Ollama


@pytest.fixture
def qwen(golden):
    return parse_pulled(golden("catalogues/ollama_tags.json"))[0]


@pytest.fixture
def details(golden):
    return parse_details(golden("catalogues/ollama_show.json"))


def test_ollama_lists_what_was_pulled(golden):
    qwen, nomic = Ollama().parse_models(golden("catalogues/ollama_tags.json"))

    assert qwen == ModelFacts(
        name="qwen3:8b",
        size_bytes=5225388164,
        family="qwen3",
        parameters="8.2B",
        quantization="Q4_K_M",
        created=1759527243,
    )
    assert (nomic.name, nomic.family) == ("nomic-embed-text:latest", "nomic-bert")


def test_a_model_pulled_anew_is_known_by_its_digest(golden, qwen):
    assert qwen.digest.startswith("500a1f06")


def test_the_details_tell_capabilities_and_contexts(qwen, details):
    facts = with_details(qwen.facts, details)

    assert facts.can == {CHAT, STREAM, TOOLS, THINKING}
    assert facts.cannot == {VISION, AUDIO, EMBED}
    assert (facts.context_window, facts.served_context, facts.family) == (40960, 8192, "qwen3")


def test_an_old_server_that_tells_no_capabilities_leaves_them_unknown(qwen):
    facts = with_details(qwen.facts, parse_details(b'{"model_info": {}}'))

    assert (facts.can, facts.cannot, facts.context_window) == (set(), set(), None)


def test_a_model_in_memory_has_the_context_that_it_was_loaded_with(golden, qwen, details):
    loaded = parse_loaded(golden("catalogues/ollama_ps.json"))

    facts = with_memory(with_details(qwen.facts, details), loaded)

    assert (facts.loaded, facts.served_context, facts.context_window) == (True, 4096, 40960)


def test_a_model_that_is_not_in_memory_is_known_not_to_be(qwen):
    assert with_memory(qwen.facts, {}).loaded is False


def test_a_loaded_model_of_an_old_server_keeps_the_context_of_its_file(qwen, details):
    facts = with_memory(with_details(qwen.facts, details), parse_loaded(b'{"models": [{"name": "qwen3:8b"}]}'))

    assert (facts.loaded, facts.served_context) == (True, 8192)


# -- whatever comes


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
@pytest.mark.parametrize("body", [b"", b"7", b"{}", b"<html>", b'{"data": 7, "models": 7}', b"[" * 300 + b"]" * 300])
def test_what_is_no_catalogue_is_the_providers_error(dialect, body):
    with pytest.raises(ProviderError):
        dialect.parse_models(body)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (OPENAI, b'{"error": {"message": "no"}}'),
        (AnthropicMessages(), b'{"type": "error", "error": {"type": "x"}}'),
        (Ollama(), b'{"error": "no"}'),
    ],
)
def test_an_error_under_status_200_is_an_error(dialect, body):
    with pytest.raises(UpstreamError):
        dialect.parse_models(body)


def test_details_that_are_an_error_are_an_error():
    with pytest.raises(UpstreamError):
        parse_details(b'{"error": "model not found"}')


KEYS = [
    "data",
    "models",
    "id",
    "name",
    "type",
    "meta",
    "capabilities",
    "created",
    "details",
    "lifecycle",
    "architecture",
    "input_modalities",
    "size",
    "digest",
    "supported_parameters",
    "top_provider",
    "model_info",
    "created_at",
    "modified_at",
    "parameters",
    "context_length",
    "general.architecture",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("reader", READERS)
@given(answer=JSON)
def test_no_answer_breaks_a_reader(reader, answer):
    with contextlib.suppress(LegionError):
        reader(json.dumps(answer).encode())
