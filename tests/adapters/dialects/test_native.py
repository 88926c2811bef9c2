"""The gateway's own dialect."""

from __future__ import annotations

import json

import pytest
from legion_llm.adapters.dialects.native import NativeChat, NativeInference
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Response, RoutingInfo, StopReason, Usage
from legion_llm.messages.content import TextBlock, ThinkingBlock, ToolUseBlock
from legion_llm.messages.errors import InvalidRequestError, RateLimitError


@pytest.fixture
def native():
    return NativeInference()


def parsed(native, **fields):
    return native.parse_request(json.dumps({"messages": [{"role": "user", "content": "hi"}], **fields}).encode())


def test_a_request_says_all_that_ours_can(native):
    request = parsed(
        native,
        system="Be brief.",
        tools=[{"name": "look", "input_schema": {"type": "object"}}],
        tool_choice="required",
        model="m",
        instance="openai/eu",
        tier="cloud",
        conversation_id="conv_1",
        request_id="req_1",
        temperature=0.5,
        max_tokens=7,
        stream=True,
        metadata={"a": 1},
    )

    assert (request.id, request.system, request.model, request.provider) == ("req_1", "Be brief.", "m", "openai/eu")
    assert (request.tier, request.conversation_id, request.stream) == ("cloud", "conv_1", True)
    assert (request.tools[0].name, request.tools[0].parameters) == ("look", {"type": "object"})
    assert (request.generation.temperature, request.generation.max_tokens) == (0.5, 7)
    assert request.metadata == {"a": 1}


def test_no_tools_and_an_empty_list_are_told_apart(native):
    assert parsed(native).tools is None
    assert parsed(native, tools=[]).tools == ()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"description": "nameless"}]}, "tools.0.name"),
        ({"stream": "yes"}, "stream"),
        ({"request_id": "../../etc/passwd"}, "request_id"),
        ({"request_id": ""}, "request_id"),
        ({"temperature": 99}, "temperature"),
        ({"tempreature": 1}, "tempreature"),
        ({"caller": {"type": "system"}}, "caller"),
    ],
)
def test_what_cannot_be_meant_names_its_field(native, fields, param):
    with pytest.raises(InvalidRequestError) as refused:
        parsed(native, **fields)

    assert refused.value.param == param


def test_missing_messages_are_asked_for(native):
    with pytest.raises(InvalidRequestError, match="required: messages"):
        native.parse_request(b"{}")


@pytest.fixture
def answer():
    content = (
        ThinkingBlock(text="Hm."),
        TextBlock(text="Hello"),
        ToolUseBlock(id="call_1", name="look", arguments='{"at": 1}'),
        ToolUseBlock(id="call_2", name="look", arguments="[not an object"),
    )
    return Response(
        message=ChatMessage(role="assistant", content=content),
        request_id="req_1",
        stop_reason=StopReason.TOOL_USE,
        usage=Usage(uncached_input=3, visible_output=2),
        routing=RoutingInfo(provider="openai/eu", model="m-1", tier="cloud"),
        conversation_id="conv_1",
        enrichments={"confidence:score": {"score": 0.5}, "rag:entries": object()},
    )


def test_an_answer_is_enveloped_and_shows_no_reasoning(native, answer):
    data = json.loads(native.render_response(answer))["data"]

    assert data == {
        "request_id": "req_1",
        "content": "Hello",
        "tool_calls": [
            {"id": "call_1", "name": "look", "arguments": {"at": 1}},
            {"id": "call_2", "name": "look", "arguments": "[not an object"},
        ],
        "stop_reason": "tool_use",
        "model": "m-1",
        "input_tokens": 3,
        "output_tokens": 2,
        "conversation_id": "conv_1",
    }


def test_reasoning_is_shown_to_a_client_that_wants_it(native, answer):
    request = parsed(native, include_thinking=True)

    assert json.loads(native.render_response(answer, request))["data"]["thinking"] == "Hm."


def events_of(data):
    pairs = [part.split(b"\n") for part in data.split(b"\n\n") if part]
    return [(name.removeprefix(b"event: ").decode(), json.loads(body.removeprefix(b"data: "))) for name, body in pairs]


CHUNKS = (
    Chunk(kind=ChunkKind.START, id="x", model="m"),
    Chunk(kind=ChunkKind.DELTA, block=0, block_kind="thinking", delta="Hm."),
    Chunk(kind=ChunkKind.DELTA, block=1, block_kind="text", delta="Hel"),
    Chunk(kind=ChunkKind.DELTA, block=1, block_kind="text", delta="lo"),
    Chunk(kind=ChunkKind.BLOCK_START, block=2, block_kind="tool_use", tool_id="call_1", tool_name="look"),
    Chunk(kind=ChunkKind.BLOCK_START, block=3, block_kind="tool_use", tool_id="call_2", tool_name="look"),
    Chunk(kind=ChunkKind.DELTA, block=3, block_kind="tool_use", delta='{"b":'),
    Chunk(kind=ChunkKind.DELTA, block=2, block_kind="tool_use", delta='{"a": 1}'),
    Chunk(kind=ChunkKind.DELTA, block=3, block_kind="tool_use", delta=" 2}"),
    Chunk(kind=ChunkKind.BLOCK_STOP, block=2, block_kind="tool_use"),
    Chunk(kind=ChunkKind.BLOCK_STOP, block=3, block_kind="tool_use"),
)


def test_a_stream_is_named_events(native, answer):
    renderer = native.stream_renderer(parsed(native))

    told = events_of(b"".join([renderer.render(chunk) for chunk in CHUNKS]) + renderer.end(answer))

    assert [name for name, _ in told] == [
        "text-delta",
        "text-delta",
        "tool-call",
        "tool-call",
        "enrichment",
        "done",
    ]
    assert [data["args"] for name, data in told if name == "tool-call"] == [{"a": 1}, {"b": 2}]
    assert told[-2][1] == {"confidence:score": {"score": 0.5}}
    assert told[-1][1]["content"] == "Hello"


def test_reasoning_streams_only_where_it_is_wanted(native):
    renderer = native.stream_renderer(parsed(native, include_thinking=True))

    told = events_of(b"".join([renderer.render(chunk) for chunk in CHUNKS]))

    assert told[0] == ("thinking-delta", {"delta": "Hm."})


def test_a_stream_that_fails_says_so_and_why(native):
    told = events_of(native.stream_renderer(parsed(native)).fail(RateLimitError("slow down", retry_after=3)))

    assert told == [("error", {"code": "stream_error", "reason": "rate_limit", "message": "slow down"})]


def test_one_message_makes_a_chat():
    body = {"message": "hi", "context": {"place": "Rome"}, "tier_preference": "auto", "model": "m"}

    request = NativeChat().parse_request(json.dumps(body).encode())

    assert (request.messages[0].text, request.system, request.tier) == ("hi", "place: Rome", None)


@pytest.mark.parametrize("body", [{}, {"message": ""}, {"message": 1}, {"message": "hi", "context": 3}])
def test_a_chat_without_a_message_is_refused(body):
    with pytest.raises(InvalidRequestError):
        NativeChat().parse_request(json.dumps(body).encode())


def test_a_chats_answer_says_who_answered(answer):
    data = json.loads(NativeChat().render_response(answer))["data"]

    assert data["response"] == "Hello"
    assert data["meta"] == {
        "tier": "cloud",
        "provider": "openai/eu",
        "model": "m-1",
        "tokens_in": 3,
        "tokens_out": 2,
    }
