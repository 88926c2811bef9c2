"""Token counts: buckets that do not overlap, from every provider's words and in every client's."""

from __future__ import annotations

import json

import pytest
from legion_llm.adapters.dialects.anthropic.usage import parse_usage as anthropic
from legion_llm.adapters.dialects.bedrock.usage import parse_usage as bedrock
from legion_llm.adapters.dialects.gemini.usage import parse_usage as gemini
from legion_llm.adapters.dialects.ollama.response import usage_of as ollama
from legion_llm.adapters.dialects.openai_chat.usage import parse_usage as chat
from legion_llm.messages.chat import ChatMessage, Response, Usage

EVERYTHING = Usage(
    uncached_input=10,
    cache_read=4,
    cache_write=2,
    visible_output=5,
    reasoning=3,
    audio_input=7,
    image_input=6,
    audio_output=8,
    image_output=1,
)

READ = {
    "sound and pictures at OpenAI": (
        chat,
        {
            "prompt_tokens": 30,
            "completion_tokens": 20,
            "total_tokens": 50,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 7, "image_tokens": 6},
            "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 8},
        },
        Usage(
            uncached_input=13, cache_read=4, audio_input=7, image_input=6, visible_output=9, reasoning=3, audio_output=8
        ),
    ),
    "reasoning beside the completion": (
        chat,
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 18,
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
        Usage(uncached_input=10, visible_output=5, reasoning=3),
    ),
    "a total that is another": (
        chat,
        {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 99},
        Usage(uncached_input=10, visible_output=5, source="partial"),
    ),
    "a total that is not told": (
        chat,
        {"prompt_tokens": 10, "completion_tokens": 5},
        Usage(uncached_input=10, visible_output=5),
    ),
    "what it costs": (
        chat,
        {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.0015},
        Usage(uncached_input=10, visible_output=5, cost_usd=0.0015),
    ),
    "what it costs, in parts": (
        chat,
        {"prompt_tokens": 10, "completion_tokens": 5, "cost": {"total_cost": 1}},
        Usage(uncached_input=10, visible_output=5, cost_usd=1.0),
    ),
    "a cost that is none": (
        chat,
        {"prompt_tokens": 10, "completion_tokens": 5, "cost": -1},
        Usage(uncached_input=10, visible_output=5),
    ),
    "parts that are larger than the whole": (
        chat,
        {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 9, "audio_tokens": 9}},
        Usage(cache_read=3, visible_output=2),
    ),
    "Anthropic's cache": (
        anthropic,
        {"input_tokens": 10, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2, "output_tokens": 5},
        Usage(uncached_input=10, cache_read=4, cache_write=2, visible_output=5),
    ),
    "Anthropic's thinking": (
        anthropic,
        {"input_tokens": 10, "output_tokens": 5, "output_tokens_details": {"thinking_tokens": 3}},
        Usage(uncached_input=10, visible_output=2, reasoning=3),
    ),
    "Bedrock's cache": (
        bedrock,
        {"inputTokens": 10, "cacheReadInputTokens": 4, "outputTokens": 5, "totalTokens": 19},
        Usage(uncached_input=10, cache_read=4, visible_output=5),
    ),
    "Gemini's thoughts and sound": (
        gemini,
        {
            "promptTokenCount": 17,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}],
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 3,
            "totalTokenCount": 25,
        },
        Usage(uncached_input=10, audio_input=7, visible_output=5, reasoning=3),
    ),
    "Ollama's": (ollama, {"prompt_eval_count": 10, "eval_count": 5}, Usage(uncached_input=10, visible_output=5)),
}


@pytest.mark.parametrize(("parse", "value", "usage"), READ.values(), ids=list(READ))
def test_what_a_provider_counts_becomes_buckets(parse, value, usage):
    assert parse(value) == usage


@pytest.mark.parametrize("parse", [chat, anthropic, bedrock, gemini])
@pytest.mark.parametrize("value", [None, 7, [], "x"])
def test_what_is_no_count_is_known_to_be_none(parse, value):
    assert parse(value) == Usage(source="partial")


# How each dialect adds up: the keys of the parts whose sum is all that was used.
SUMS = {
    "openai.chat": ("usage", ("prompt_tokens", "completion_tokens")),
    "openai.responses": ("usage", ("input_tokens", "output_tokens")),
    "anthropic.messages": (
        "usage",
        ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"),
    ),
    "gemini.generate": ("usageMetadata", ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")),
    "ollama.chat": (None, ("prompt_eval_count", "eval_count")),
}


@pytest.mark.parametrize("name", SUMS)
def test_clients_of_every_dialect_are_told_of_every_token_once(served, name):
    key, parts = SUMS[name]

    body = json.loads(
        served[name].render_response(Response(message=ChatMessage(role="assistant", content="x"), usage=EVERYTHING))
    )

    told = body if key is None else body[key]
    assert sum(told[part] for part in parts) == EVERYTHING.total_tokens
    assert {told.get("total_tokens"), told.get("totalTokenCount")} <= {None, EVERYTHING.total_tokens}


def test_every_dialect_that_clients_speak_is_looked_at(served):
    assert SUMS.keys() == served.keys()
