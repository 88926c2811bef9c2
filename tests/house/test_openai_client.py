"""The official OpenAI client, sync and async, streaming and not, against the running server."""

from __future__ import annotations

import asyncio

import openai
import pytest
from upstream import Fault, openai_upstream

MESSAGES = [{"role": "user", "content": "Hello!"}]
TEXT = "w0 w1 w2 w3 w4 "
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def url(serving, upstream, make_provider):
    legion = serving({"up": make_provider(upstream), "demo": {}})
    return f"{legion.url}/v1"


@pytest.fixture
def client(url):
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
        yield client


def test_a_chat_completion(client):
    completion = client.chat.completions.create(model="m-1", messages=MESSAGES)

    choice = completion.choices[0]
    assert (choice.message.content, choice.finish_reason) == (TEXT, "stop")
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (7, 5)


def test_a_streamed_chat_completion(client):
    with client.chat.completions.create(model="m-1", messages=MESSAGES, stream=True) as stream:
        chunks = list(stream)

    assert "".join([chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]) == TEXT
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_a_stream_that_includes_usage(client):
    options = {"include_usage": True}
    with client.chat.completions.create(model="m-1", messages=MESSAGES, stream=True, stream_options=options) as stream:
        chunks = list(stream)

    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 12


def test_a_stream_through_another_dialect_than_the_clients(client):
    with client.chat.completions.create(model="demo", messages=MESSAGES, stream=True) as stream:
        text = "".join([chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices])

    assert "Hello!" in text


def test_a_tool_call_and_its_result(client):
    first = client.chat.completions.create(model="demo", messages=MESSAGES, tools=[TOOL], tool_choice="required")
    message = first.choices[0].message
    call = message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}

    second = client.chat.completions.create(model="demo", messages=[*MESSAGES, message, result], tools=[TOOL])

    assert (first.choices[0].finish_reason, call.function.name) == ("tool_calls", "weather")
    assert "sunny" in second.choices[0].message.content


def test_a_streamed_tool_call(client):
    with client.chat.completions.create(
        model="demo", messages=MESSAGES, tools=[TOOL], tool_choice="required", stream=True
    ) as stream:
        deltas = [call for chunk in stream if chunk.choices for call in chunk.choices[0].delta.tool_calls or ()]

    assert deltas[0].function.name == "weather"
    assert "".join([delta.function.arguments or "" for delta in deltas]).startswith("{")


def test_the_models_are_listed_and_found_one_by_one(client):
    listed = [model.id for model in client.models.list()]

    assert "m-1" in listed
    assert client.models.retrieve("m-1").id == "m-1"


def test_an_unknown_model_is_a_not_found_error(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="m-9", messages=MESSAGES)

    assert caught.value.code == "model_not_found"


def test_empty_messages_are_a_bad_request(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="m-1", messages=[])

    assert caught.value.param == "messages"


def test_a_rate_limit_of_the_provider_reaches_the_client_with_its_wait(serving, make_provider):
    with openai_upstream(Fault.STATUS_429_RETRY_AFTER) as server:
        legion = serving({"up": make_provider(server)})
        with (
            openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client,
            pytest.raises(openai.RateLimitError) as caught,
        ):
            client.chat.completions.create(model="m-1", messages=MESSAGES)

        assert caught.value.response.headers["retry-after"] == "7"


def test_a_stream_that_breaks_ends_with_an_error(serving, make_provider):
    with openai_upstream(Fault.CUT) as server:
        legion = serving({"up": make_provider(server)})
        text = ""
        with (
            openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client,
            pytest.raises(openai.APIError),
        ):
            for chunk in client.chat.completions.create(model="m-1", messages=MESSAGES, stream=True):
                text += chunk.choices[0].delta.content or ""

        assert text.startswith("w0 ")


def test_the_async_client(url):
    async def main():
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
            completion = await client.chat.completions.create(model="m-1", messages=MESSAGES)
            stream = await client.chat.completions.create(model="m-1", messages=MESSAGES, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            return completion.choices[0].message.content, "".join(pieces)

    assert asyncio.run(main()) == (TEXT, TEXT)


def test_a_key_is_asked_for_where_the_settings_name_keys(serving, upstream, make_provider):
    legion = serving({"up": make_provider(upstream)}, api={"port": 0, "keys": {"ann": "key-of-ann"}})
    url = f"{legion.url}/v1"

    with openai.OpenAI(base_url=url, api_key="key-of-ann", max_retries=0) as ann:
        answer = ann.chat.completions.create(model="m-1", messages=MESSAGES)
    with (
        openai.OpenAI(base_url=url, api_key="guessed", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError, match="invalid API key"),
    ):
        stranger.chat.completions.create(model="m-1", messages=MESSAGES)

    assert answer.choices[0].message.content == TEXT
