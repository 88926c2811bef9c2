from __future__ import annotations

import pytest
from legion_llm.actors.discovery.guesses import with_guesses
from legion_llm.messages.catalogue import Capability, ModelFacts

CHAT, EMBED, TOOLS = Capability.CHAT, Capability.EMBED, Capability.TOOLS


@pytest.mark.parametrize(
    "name",
    [
        "text-embedding-3-small",
        "nomic-embed-text:latest",
        "mxbai-embed-large",
        "snowflake-arctic-embed:335m",
        "bge-m3",
        "BAAI/bge-large-en",
        "intfloat/e5-mistral",
        "amazon.titan-embed-text-v2:0",
    ],
)
def test_an_embedding_model_is_known_by_its_name(name):
    facts = with_guesses(ModelFacts(name=name))

    assert EMBED in facts.can
    assert {CHAT, TOOLS} <= facts.cannot


@pytest.mark.parametrize("name", ["whisper-1", "tts-1-hd", "dall-e-3", "gpt-4o-transcribe", "omni-moderation-latest"])
def test_speech_and_pictures_are_no_chat(name):
    facts = with_guesses(ModelFacts(name=name))

    assert {CHAT, EMBED} <= facts.cannot
    assert not facts.can


@pytest.mark.parametrize("name", ["gpt-4o", "qwen3:8b", "claude-sonnet-4-6", "meta-llama/Llama-3.3-70B", "gemma3"])
def test_a_name_that_says_nothing_leaves_everything_unknown(name):
    assert with_guesses(ModelFacts(name=name)) == ModelFacts(name=name)


@pytest.mark.parametrize("facts", [{"can": frozenset({CHAT})}, {"cannot": frozenset({EMBED})}])
def test_what_the_provider_says_wins_over_the_name(facts):
    stated = ModelFacts(name="chat-with-embed", **facts)

    assert with_guesses(stated) == stated
