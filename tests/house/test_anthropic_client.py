"""The official Anthropic client, sync and async, streaming and not, against the running server."""

from __future__ import annotations

import asyncio

import anthropic
import httpx
import pytest
from upstream import Fault, anthropic_upstream

ASKED = {"max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]}
TEXT = "w0 w1 w2 w3 w4 "
TOOL = {
    "name": "weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.fixture
def anthropic_server():
    with anthropic_upstream() as server:
        yield server


@pytest.fixture
def url(serving, upstream, anthropic_server, make_provider):
    """A gateway before an Anthropic server, an OpenAI server and the demo model."""
    claude = {**make_provider(anthropic_server), "kind": "anthropic", "api_key": "sk-1", "default_model": "claude-1"}
    claude["models"] = ["claude-1"]
    return serving({"claude": claude, "up": make_provider(upstream), "demo": {}}).url


@pytest.fixture
def client(url):
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0) as client:
        yield client


MODELS = pytest.mark.parametrize("model", ["claude-1", "m-1"], ids=["same dialect", "other dialect"])


@MODELS
def test_a_message(client, model):
    message = client.messages.create(model=model, **ASKED)

    assert (message.content[0].text, message.stop_reason) == (TEXT, "end_turn")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (7, 5)


@MODELS
def test_a_streamed_message(client, model):
    with client.messages.stream(model=model, **ASKED) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()

    assert (text, message.content[0].text, message.stop_reason) == (TEXT, TEXT, "end_turn")
    assert message.usage.output_tokens == 5


def test_what_is_lost_on_the_way_to_another_vendor_stands_in_a_header(client):
    answer = client.messages.with_raw_response.create(model="m-1", metadata={"user_id": "u"}, **ASKED)

    assert answer.headers["x-legion-warnings"] == "metadata was left out: openai.chat has none"
    assert (
        "x-legion-warnings"
        not in client.messages.with_raw_response.create(model="claude-1", metadata={"user_id": "u"}, **ASKED).headers
    )


def test_the_provider_is_asked_as_its_vendor_wants_it(client, anthropic_server):
    client.messages.create(model="claude-1", **ASKED)

    request = anthropic_server.requests[-1]
    assert (request.path, request.headers["x-api-key"]) == ("/v1/messages", "sk-1")
    assert request.headers["anthropic-version"] == "2023-06-01"


def test_a_tool_call_and_its_result(client):
    first = client.messages.create(model="demo", tools=[TOOL], tool_choice={"type": "any"}, **ASKED)
    call = next(block for block in first.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
    history = [
        *ASKED["messages"],
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]},
        {"role": "user", "content": [result]},
    ]

    second = client.messages.create(model="demo", max_tokens=100, messages=history, tools=[TOOL])

    assert (first.stop_reason, call.name) == ("tool_use", "weather")
    assert "sunny" in second.content[0].text


def test_a_streamed_tool_call(client):
    with client.messages.stream(model="demo", tools=[TOOL], tool_choice={"type": "any"}, **ASKED) as stream:
        message = stream.get_final_message()

    call = next(block for block in message.content if block.type == "tool_use")
    assert (call.name, "city" in call.input) == ("weather", True)


def test_the_models_are_listed_and_found_one_by_one(client):
    assert "claude-1" in [model.id for model in client.models.list()]
    assert client.models.retrieve("claude-1").display_name == "claude-1"


def test_an_unknown_model_is_a_not_found_error(client):
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.create(model="m-9", **ASKED)

    assert caught.value.body["error"]["type"] == "not_found_error"


def test_a_bad_request_is_told_in_the_clients_words(client):
    with pytest.raises(anthropic.BadRequestError, match="messages must not be empty"):
        client.messages.create(model="claude-1", max_tokens=5, messages=[])


def test_a_wrong_method_is_told_in_the_clients_words(url):
    answer = httpx.get(f"{url}/v1/messages", trust_env=False)

    assert (answer.status_code, answer.json()["type"]) == (405, "error")


def test_a_rate_limit_of_the_provider_reaches_the_client_with_its_wait(serving, make_provider):
    with anthropic_upstream(Fault.STATUS_429_RETRY_AFTER) as server:
        legion = serving({"claude": {**make_provider(server), "kind": "anthropic", "api_key": "sk-1"}})
        with (
            anthropic.Anthropic(base_url=legion.url, api_key="none", max_retries=0) as client,
            pytest.raises(anthropic.RateLimitError) as caught,
        ):
            client.messages.create(model="m-1", **ASKED)

        assert caught.value.response.headers["retry-after"] == "7"


def test_a_stream_that_breaks_ends_with_an_error(serving, make_provider):
    with anthropic_upstream(Fault.CUT) as server:
        legion = serving({"claude": {**make_provider(server), "kind": "anthropic", "api_key": "sk-1"}})
        with (
            anthropic.Anthropic(base_url=legion.url, api_key="none", max_retries=0) as client,
            pytest.raises(anthropic.APIError),
            client.messages.stream(model="m-1", **ASKED) as stream,
        ):
            stream.until_done()


def test_the_async_client(url):
    async def main():
        async with anthropic.AsyncAnthropic(base_url=url, api_key="none", max_retries=0) as client:
            message = await client.messages.create(model="claude-1", **ASKED)
            async with client.messages.stream(model="m-1", **ASKED) as stream:
                text = "".join([piece async for piece in stream.text_stream])
            return message.content[0].text, text

    assert asyncio.run(main()) == (TEXT, TEXT)


def test_the_length_of_a_prompt_is_estimated_where_the_provider_does_not_tell(client):
    short = client.messages.count_tokens(model="claude-1", messages=ASKED["messages"])
    long = client.messages.count_tokens(
        model="claude-1", messages=ASKED["messages"], system="word " * 1000, tools=[TOOL]
    )

    assert 0 < short.input_tokens < 20
    assert long.input_tokens == pytest.approx(1300, rel=0.2)


def test_a_bad_prompt_is_not_counted(client):
    with pytest.raises(anthropic.BadRequestError, match=r"messages\.0\.role"):
        client.messages.count_tokens(model="claude-1", messages=[{"role": "wizard", "content": "x"}])
