"""The official OpenAI client's responses API against the running server."""

from __future__ import annotations

import asyncio

import openai
import pytest
from upstream import Fault, openai_upstream

TEXT = "w0 w1 w2 w3 w4 "
TOOL = {
    "type": "function",
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}


@pytest.fixture
def url(serving, upstream, make_provider):
    return f"{serving({'up': make_provider(upstream), 'demo': {}}).url}/v1"


@pytest.fixture
def client(url):
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
        yield client


def test_a_response(client):
    response = client.responses.create(model="m-1", input="Hello!", instructions="Be brief.")

    assert (response.output_text, response.status) == (TEXT, "completed")
    assert (response.usage.input_tokens, response.usage.output_tokens) == (7, 5)


def test_a_streamed_response(client):
    with client.responses.stream(model="m-1", input="Hello!") as stream:
        text = "".join([event.delta for event in stream if event.type == "response.output_text.delta"])
        response = stream.get_final_response()

    assert (text, response.output_text) == (TEXT, TEXT)


def test_a_tool_call_and_its_result(client):
    asked = [{"role": "user", "content": "Hello!"}]
    tools = [TOOL, {"type": "web_search"}]
    with client.responses.stream(model="demo", input=asked, tools=tools, tool_choice="required") as stream:
        first = stream.get_final_response()
    call = next(item for item in first.output if item.type == "function_call")
    history = [*asked, *[item.model_dump(exclude_none=True) for item in first.output]]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}

    second = client.responses.create(model="demo", input=[*history, result], tools=tools)

    assert call.name == "weather"
    assert "sunny" in second.output_text


def test_what_needs_another_store_is_refused_with_a_way_out(client):
    with pytest.raises(openai.BadRequestError, match="previous_response_id") as caught:
        client.responses.create(model="m-1", input="Hello!", conversation="conv_1")

    assert caught.value.param == "conversation"


def test_a_stream_that_breaks_ends_as_failed(serving, make_provider):
    with openai_upstream(Fault.CUT) as server:
        legion = serving({"up": make_provider(server)})
        with openai.OpenAI(base_url=f"{legion.url}/v1", api_key="none", max_retries=0) as client:
            *_, last = client.responses.create(model="m-1", input="Hello!", stream=True)

    assert (last.type, last.response.status) == ("response.failed", "failed")
    assert last.response.output[0].status == "incomplete"
    assert last.response.output[0].content[0].text.startswith("w0 ")


def test_the_async_client(url):
    async def main():
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
            return (await client.responses.create(model="m-1", input="Hello!")).output_text

    assert asyncio.run(main()) == TEXT
