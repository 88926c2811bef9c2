"""What one vendor signed, on its way through a client of another."""

from __future__ import annotations

import json

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.openai_responses import OpenAIResponses
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.adapters.dialects.seal import opened, sealed, unsealed
from legion_llm.messages.chat import ChatMessage, ChunkKind, Request, Response
from legion_llm.messages.content import TextBlock, ThinkingBlock, ToolUseBlock
from legion_llm.messages.unstreamed import chunks_of

TEXT = st.none() | st.text(max_size=20)
FOREIGN = ThinkingBlock(text="hm", signature="c2ln", origin="gemini/eu")
HIDDEN = ThinkingBlock(encrypted="0a1b", origin="openai/eu")
BOTH = ThinkingBlock(text="so", encrypted="0a1b", origin="openai/eu")


@given(TEXT, TEXT, TEXT)
def test_a_seal_gives_back_what_it_holds(origin, signature, encrypted):
    block = ThinkingBlock(text="t", origin=origin, signature=signature, encrypted=encrypted)

    assert opened(ThinkingBlock(text="t"), sealed(block)) == block


@pytest.mark.parametrize(
    "text", ["", "c2ln", "legion1.", "legion1.!", "legion1.W10=", "legion1.WzEsMiwzXQ==", "legion1.é"]
)
def test_what_is_no_seal_of_ours_is_left_as_it_is(text):
    assert unsealed(text) is None


def answer(*blocks):
    return Response(message=ChatMessage(role="assistant", content=(*blocks, TextBlock(text="42"))), model="m")


def whole_anthropic(response):
    return json.loads(AnthropicMessages().render_response(response))["content"]


def streamed_anthropic(response, dialect=None):
    """Return the content that an Anthropic client collects from the events."""
    renderer = AnthropicMessages().stream_renderer(Request(messages=(), model="m"))
    origin = next(block.origin for block in response.message.blocks)
    chunks = [
        attrs.evolve(chunk, origin=origin if chunk.signature else None, raw_dialect=dialect)
        for chunk in chunks_of(response)
    ]
    blocks = []
    for event in b"".join([*map(renderer.render, chunks), renderer.end(response)]).decode().split("\n\n"):
        value = json.loads(event.partition("data: ")[2] or "{}")
        if value.get("type") == "content_block_start":
            blocks.append(value["content_block"])
        elif value.get("type") == "content_block_delta":
            kind = value["delta"].pop("type").removesuffix("_delta")
            blocks[-1][kind] = blocks[-1].get(kind, "") + value["delta"][kind]
    return blocks


@pytest.mark.parametrize("sent", [whole_anthropic, streamed_anthropic])
@pytest.mark.parametrize("block", [FOREIGN, HIDDEN, BOTH])
def test_an_anthropic_client_brings_reasoning_of_others_back_with_its_origin(sent, block):
    history = [{"role": "assistant", "content": sent(answer(block))}]
    body = json.dumps({"model": "m", "max_tokens": 5, "messages": history}).encode()

    [returned, _] = AnthropicMessages().parse_request(body).messages[0].blocks

    assert returned == block


def test_an_anthropic_client_gets_what_anthropic_signed_as_it_is():
    own = ThinkingBlock(text="hm", signature="EqQB", origin="anthropic/eu")
    response = attrs.evolve(answer(own), extra_dialect="anthropic.messages")

    assert whole_anthropic(response)[0]["signature"] == "EqQB"
    assert streamed_anthropic(response, "anthropic.messages")[0]["signature"] == "EqQB"


def test_what_another_vendor_signed_is_not_sent_to_anthropic():
    history = [{"role": "user", "content": "?"}, {"role": "assistant", "content": whole_anthropic(answer(FOREIGN))}]
    request = AnthropicMessages().parse_request(
        json.dumps({"model": "m", "max_tokens": 5, "messages": history}).encode()
    )

    wire = AnthropicMessages().render_request(request, "m", stream=False, options=DialectOptions(origin="anthropic"))

    assert json.loads(wire.body)["messages"][1]["content"] == [{"type": "text", "text": "42"}]
    assert "reasoning of another model was left out" in wire.warnings[0]


@pytest.mark.parametrize("block", [FOREIGN, HIDDEN, BOTH])
def test_a_client_of_the_responses_api_brings_streamed_reasoning_back_with_its_origin(block):
    renderer = OpenAIResponses().stream_renderer(Request(messages=(), model="m"))
    for chunk in chunks_of(answer(block)):
        renderer.render(attrs.evolve(chunk, origin=block.origin if chunk.signature else None))
    ended = json.loads(renderer.end(answer(block)).decode().partition("data: ")[2])
    body = json.dumps({"model": "m", "input": ended["response"]["output"]}).encode()

    [returned, _] = OpenAIResponses().parse_request(body).messages[0].blocks

    assert returned == block


def test_a_block_that_comes_whole_is_one_chunk_and_its_end():
    [_, start, stop, *_] = chunks_of(answer(HIDDEN))

    assert (start.kind, start.content, stop.kind) == (ChunkKind.BLOCK_START, HIDDEN, ChunkKind.BLOCK_STOP)


# -- OpenAI's clients, who send back what they got as `reasoning_details`

SIGNED_CALL = ThinkingBlock(signature="U2ln", origin="gemini/eu")
CALL = ToolUseBlock(id="c", name="f", arguments='{"a":1}')
TURNS = [
    (FOREIGN, TextBlock(text="42")),
    (HIDDEN, TextBlock(text="42")),
    (BOTH, TextBlock(text="42")),
    (FOREIGN, CALL),
    (TextBlock(text="42"), SIGNED_CALL, CALL),
    (FOREIGN, TextBlock(text="42"), SIGNED_CALL, CALL),
]


def whole_chat(response):
    return json.loads(OpenAIChat().render_response(response))["choices"][0]["message"]


def streamed_chat(response):
    """Return the message that a client of OpenAI's collects from the events, lists by their indexes."""
    renderer = OpenAIChat().stream_renderer(Request(messages=(), model="m"))
    origins = {number: getattr(block, "origin", None) for number, block in enumerate(response.message.blocks)}
    message = {"role": "assistant"}
    for chunk in chunks_of(response):
        signed = attrs.evolve(chunk, origin=origins[chunk.block] if chunk.signature else None)
        for event in filter(None, renderer.render(signed).decode().split("\n\n")):
            delta = json.loads(event.removeprefix("data: "))["choices"][0]["delta"]
            for call in delta.pop("tool_calls", ()):
                known = message.setdefault("tool_calls", [])
                if call["index"] == len(known):
                    known.append({**call, "function": {**call["function"]}})
                else:
                    known[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
            message.setdefault("reasoning_details", []).extend(delta.pop("reasoning_details", ()))
            for key in ("content", "reasoning_content"):
                if key in delta:
                    message[key] = message.get(key, "") + delta[key]
    return message


@pytest.mark.parametrize("sent", [whole_chat, streamed_chat])
@pytest.mark.parametrize("blocks", TURNS)
def test_a_client_of_openais_brings_reasoning_back_with_its_origin_in_its_place(sent, blocks):
    response = Response(message=ChatMessage(role="assistant", content=blocks), model="m")
    body = json.dumps({"model": "m", "messages": [sent(response)]}).encode()

    message = OpenAIChat().parse_request(body).messages[0]

    assert tuple([attrs.evolve(block, extra={}) for block in message.blocks]) == blocks
    assert not message.extra


def test_details_of_somebody_else_stay_what_they_are():
    details = [{"type": "reasoning.text", "text": "hm", "signature": "c2ln", "index": 0}, {"type": "x"}, 7]
    said = {"role": "assistant", "content": "42", "reasoning": "hm", "reasoning_details": details}

    message = OpenAIChat().parse_request(json.dumps({"model": "m", "messages": [said]}).encode()).messages[0]

    assert (message.extra, message.thinking) == ({"reasoning_details": details}, "hm")


def test_a_turn_that_thinks_and_calls_goes_on_thinking_through_a_client_of_openais():
    signed = ThinkingBlock(text="hm", signature="EqQB", origin="anthropic")
    turn = whole_chat(Response(message=ChatMessage(role="assistant", content=(signed, CALL)), model="m"))
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    request = OpenAIChat().parse_request(
        json.dumps(
            {
                "model": "m",
                "reasoning_effort": "low",
                "tools": [tool],
                "messages": [
                    {"role": "user", "content": "?"},
                    turn,
                    {"role": "tool", "tool_call_id": "c", "content": "1"},
                ],
            }
        ).encode()
    )

    options = DialectOptions(origin="anthropic")
    wire = AnthropicMessages().render_request(request, "claude-sonnet-4-5", stream=False, options=options)

    body = json.loads(wire.body)
    assert body["thinking"]["type"] == "enabled"
    assert body["messages"][1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": "EqQB"}
