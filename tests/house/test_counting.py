"""The length of a prompt, through the whole house."""

from __future__ import annotations

import json

import anthropic
import httpx
import pytest
from upstream import ScriptedServer, Send, answer

MESSAGES = [{"role": "user", "content": "How long is this?"}]


@pytest.fixture
def vendor():
    """Anthropic's side of it: it counts 99 tokens, whatever comes, and refuses what is no part of a count."""
    known = {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"}

    def script(request):
        unknown = request.json().keys() - known if request.path == "/v1/messages/count_tokens" else {"path"}
        if unknown:
            words = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": f"{unknown}"}})
            return (Send(answer(words.encode(), status="400 Bad Request")),)
        return (Send(answer(b'{"input_tokens": 99}')),)

    with ScriptedServer(script) as server:
        yield server


@pytest.fixture
def providers(vendor):
    block = {"kind": "anthropic", "base_url": vendor.url, "api_key": "key", "models": ["claude-1"]}
    return {"vendor": block, "demo": {}}


def test_a_provider_that_counts_is_asked(embedded, providers):
    legion = embedded(providers)

    count = legion.count_tokens("Hello", model="claude-1", system="Be brief.", temperature=0.5, max_tokens=5).get(5)

    assert (count.input_tokens, count.source, count.provider) == (99, "provider", "vendor")


def test_what_nobody_counts_is_estimated(embedded, providers):
    with ScriptedServer(()) as silent:
        silent_block = {"kind": "openai_compat", "base_url": silent.url, "models": ["m-1"]}
        legion = embedded({**providers, "up": silent_block})

        count = legion.count_tokens(messages=MESSAGES, model="m-1").get(5)

    assert (count.source, count.provider) == ("estimated", "up")
    assert "does not count tokens" in count.reason
    assert silent.requests == []


def test_counting_is_neither_metered_nor_held_against_a_provider(embedded, providers):
    legion = embedded(providers)
    legion.count_tokens("Hello", model="claude-1").get(5)

    assert legion.inspect("metering")["snapshot"]["last"] == []


def test_anthropics_client_gets_the_providers_own_count(serving, providers, vendor):
    legion = serving(providers)

    with anthropic.Anthropic(base_url=legion.url, api_key="none", max_retries=0) as client:
        count = client.messages.count_tokens(
            model="claude-1",
            messages=MESSAGES,
            system="Be brief.",
            tools=[{"name": "t", "input_schema": {"type": "object"}}],
        )

    assert count.input_tokens == 99
    assert vendor.requests[-1].json()["tools"][0]["name"] == "t"


def test_the_answer_says_whether_it_was_estimated(serving, providers):
    legion = serving(providers, counting={"ask_provider": False})

    body = {"model": "claude-1", "messages": MESSAGES}
    counted = httpx.post(f"{legion.url}/v1/messages/count_tokens", json=body)

    assert (counted.headers["x-legion-count"], counted.json()["input_tokens"] < 20) == ("estimated", True)


def test_the_demo_model_counts_its_words(embedded):
    legion = embedded({"demo": {}})

    assert legion.count_tokens("one two three").get(5).input_tokens == 3


@pytest.mark.parametrize(
    "body", [b'{"input_tokens": "9"}', b'{"input_tokens": -1}', b"{}", b'{"type": "error", "error": {}}']
)
def test_a_count_that_is_none_is_not_believed(embedded, body):
    with ScriptedServer((Send(answer(body)),)) as server:
        block = {"kind": "anthropic", "base_url": server.url, "api_key": "key", "models": ["claude-1"]}
        legion = embedded({"vendor": block})

        assert legion.count_tokens("Hello", model="claude-1").get(5).source == "estimated"


# -- whose counting has a path of its own

BEDROCK_MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TOOL = {"type": "function", "function": {"name": "t", "parameters": {"type": "object"}}}
COUNTED = {
    "bedrock": (
        {"bearer_token": "t", "models": [BEDROCK_MODEL]},
        BEDROCK_MODEL,
        "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens",
        {"inputTokens": 99},
    ),
    "vllm": ({"models": ["m"]}, "m", "/tokenize", {"count": 99, "max_model_len": 4096, "tokens": [1]}),
    "openai": (
        {"api_key": "k", "models": ["gpt-4o"]},
        "gpt-4o",
        "/v1/responses/input_tokens",
        {"object": "response.input_tokens", "input_tokens": 99},
    ),
}


@pytest.fixture(params=COUNTED)
def counting(request, embedded):
    """A gateway before a server that counts, and what it is asked there."""
    block, model, path, said = COUNTED[request.param]
    with ScriptedServer([Send(answer(json.dumps(said).encode()))]) as server:
        legion = embedded({request.param: {"base_url": server.url, **block}})
        count = legion.count_tokens(
            "Hello",
            model=model,
            system="Be brief.",
            temperature=0.5,
            tools=[TOOL],
        ).get(5)
        [asked] = [each for each in server.requests if each.method == "POST"]
        yield request.param, count, asked, path


def test_every_vendor_is_asked_where_it_counts(counting):
    kind, count, asked, path = counting

    assert (count.input_tokens, count.source, count.provider) == (99, "provider", kind)
    assert asked.path == path


def test_what_is_counted_is_the_prompt_with_its_tools_and_nothing_else(counting):
    kind, _, asked, _ = counting
    body = asked.json()
    counted = body["input"]["converse"] if kind == "bedrock" else body

    assert "Hello" in json.dumps(counted)
    assert "Be brief." in json.dumps(counted)
    assert "tools" in json.dumps(counted)
    assert not {"temperature", "inferenceConfig", "max_tokens", "stream", "store"} & counted.keys()
