"""The same chat from a plain thread, from asyncio and from trio."""

from __future__ import annotations

import asyncio
import threading

import legion_llm
import pytest
import trio

TEXT = "w0 w1 w2 w3 w4 "


async def chat_and_stream(legion):
    response = await legion.chat("Hello!", model="m-1")
    stream = legion.stream("Hello!", model="m-1")
    pieces = [chunk.text async for chunk in stream]
    return response.text, "".join(pieces), (await stream.reply).usage.output_tokens


def from_a_thread(legion):
    result = []

    def work():
        response = legion.chat("Hello!", model="m-1").get(timeout=10)
        stream = legion.stream("Hello!", model="m-1")
        pieces = [chunk.text for chunk in stream]
        result.append((response.text, "".join(pieces), stream.reply.get(timeout=10).usage.output_tokens))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return result[0]


def from_asyncio(legion):
    return asyncio.run(chat_and_stream(legion))


def from_trio(legion):
    return trio.run(chat_and_stream, legion)


@pytest.mark.parametrize("host", [from_a_thread, from_asyncio, from_trio])
def test_a_chat_answers_alike_in_every_host(host, embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})

    result = host(legion)

    assert result == (TEXT, TEXT, 5)


def test_a_response_tells_how_it_came_about(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})

    response = legion.chat("Hello!").get(timeout=10)

    assert (response.routing.provider, response.routing.model, response.routing.tier) == ("up", "m-1", "openai_compat")
    assert (response.usage.input_tokens, response.usage.output_tokens, response.stop_reason) == (7, 5, "end_turn")


@pytest.mark.parametrize("host", ["asyncio", "trio"])
def test_an_async_with_block_shuts_down_at_its_end(host, upstream, make_provider):
    started = []

    async def main():
        async with legion_llm.start({"providers": {"up": make_provider(upstream)}}, environ={}) as legion:
            started.append(legion)
            await legion.chat("Hello!")

    asyncio.run(main()) if host == "asyncio" else trio.run(main)

    assert started[0].state == "stopped"


def test_messages_may_be_dicts_in_the_shape_of_the_openai_api(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello!"}]

    legion.chat(messages=messages, temperature=0.5, max_tokens=9, stop="x").get(timeout=10)

    sent = next(request.json() for request in upstream.requests if request.path == "/v1/chat/completions")
    assert sent["messages"] == messages
    assert (sent["temperature"], sent["max_tokens"], sent["stop"]) == (0.5, 9, ["x"])


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({}, "messages"),
        ({"message": "x", "messages": []}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "x"}, "messages"),
        ({"messages": [3]}, "messages.0"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages.0.role"),
        ({"message": 3}, "message"),
        ({"message": "x", "temperature": "hot"}, "temperature"),
        ({"message": "x", "timeout": 0}, "timeout"),
        ({"message": "x", "tempreature": 1}, "tempreature"),
        ({"message": "x", "tool_choice": 3}, "tool_choice"),
        ({"message": "x", "response_format": {"type": "text"}}, "response_format"),
    ],
)
def test_arguments_that_make_no_request_are_named(arguments, param, embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})

    with pytest.raises(legion_llm.InvalidRequestError) as caught:
        legion.chat(**arguments)

    assert caught.value.param == param


def test_a_gateway_that_is_shut_down_refuses_requests(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})
    legion.shutdown()

    with pytest.raises(legion_llm.SystemNotRunning, match="stopped"):
        legion.chat("Hello!")


def test_without_any_provider_the_answer_says_what_to_do(embedded, monkeypatch):
    legion = embedded({"demo": {"enabled": False}})

    with pytest.raises(legion_llm.NoRouteError, match="no provider is configured"):
        legion.chat("Hello!").get(timeout=10)
