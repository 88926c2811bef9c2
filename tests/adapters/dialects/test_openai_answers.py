"""Answers in OpenAI's chat dialect: from a provider, and to a client; whole and in pieces."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import ChatMessage, Chunk, ChunkKind, Request, Response, StopReason, Usage
from legion_llm.messages.content import TextBlock, ThinkingBlock, ToolUseBlock
from legion_llm.messages.errors import (
    LegionError,
    ProviderError,
    RateLimitError,
    StreamBrokenError,
    UpstreamError,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk

DIALECT = OpenAIChat(wall_clock=lambda: 1_700_000_000.0)
USAGE = Usage(uncached_input=20, cache_read=10, visible_output=12, reasoning=8)
WHOLE = ["text", "tool_calls", "refusal", "reasoning"]
GOLDEN = Path(__file__).parent / "golden" / "openai_chat"
STREAMS = ["text", "tool_calls", "reasoning", "interleaved_calls", "calls_without_ids"]


def sent(golden, name):
    return golden(f"openai_chat/stream_{name}.sse")


# -- whole


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -2}]}, (-0.5, -2.0)),
        ({"content": [{"token": "a"}, "b", {"logprob": None}]}, ()),
        ({"content": None}, ()),
        (["no object"], ()),
        (None, ()),
    ],
)
def test_log_probabilities_are_read_where_they_are_told(stated, expected):
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "ab"},
        "finish_reason": "stop",
        "logprobs": stated,
    }

    assert DIALECT.parse_response(json.dumps({"choices": [choice]}).encode()).logprobs == expected


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_goes_to_the_client_as_it_came(golden_json, name):
    golden = golden_json(f"openai_chat/response_{name}.json")

    body = json.loads(DIALECT.render_response(DIALECT.parse_response(json.dumps(golden).encode())))

    said = {key: value for key, value in golden["choices"][0]["message"].items() if value}
    for call in said.get("tool_calls", ()):
        call["function"]["arguments"] = call["function"]["arguments"] or "{}"  # clients parse it, and "" is no JSON
    message = body["choices"][0]["message"]
    assert {key: message.get(key) for key in said} == said
    assert body["choices"][0]["finish_reason"] == golden["choices"][0]["finish_reason"]
    assert (body["id"], body["model"], body["created"]) == (golden["id"], golden["model"], golden["created"])
    assert body["usage"]["total_tokens"] == golden["usage"]["total_tokens"]


@pytest.mark.parametrize("name", WHOLE)
def test_the_official_client_reads_what_we_write(golden, name):
    response = DIALECT.parse_response(golden(f"openai_chat/response_{name}.json"))

    ChatCompletion.model_validate_json(DIALECT.render_response(response), strict=True)


def test_usage_is_read_into_buckets_that_do_not_overlap(golden):
    assert DIALECT.parse_response(golden("openai_chat/response_text.json")).usage == USAGE


def test_a_call_without_arguments_has_none(golden):
    calls = DIALECT.parse_response(golden("openai_chat/response_tool_calls.json")).tool_calls

    assert [call.arguments for call in calls] == ['{"city": "Paris"}', "{}"]


def test_reasoning_is_never_part_of_the_text(golden):
    response = DIALECT.parse_response(golden("openai_chat/response_reasoning.json"))

    assert (response.text, response.message.thinking) == ("42", "6 times 7")


@pytest.mark.parametrize(
    ("finish", "message", "reason"),
    [
        ("stop", {"content": "x"}, StopReason.END_TURN),
        ("length", {"content": "x"}, StopReason.MAX_TOKENS),
        ("content_filter", {"content": ""}, StopReason.REFUSAL),
        ("stop", {"content": None, "refusal": "no"}, StopReason.REFUSAL),
        ("stop", {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}, StopReason.TOOL_USE),
        ("eos", {"content": "x"}, StopReason.UNKNOWN),
        (None, {"content": "x"}, StopReason.UNKNOWN),
    ],
)
def test_why_the_model_stopped_is_always_known_or_said_to_be_unknown(finish, message, reason):
    body = {"choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}]}

    assert DIALECT.parse_response(json.dumps(body).encode()).stop_reason is reason


@pytest.mark.parametrize("reason", StopReason)
def test_every_reason_has_a_word_that_clients_know(reason):
    response = Response(message=ChatMessage(role="assistant", content="x"), stop_reason=reason)

    ChatCompletion.model_validate_json(DIALECT.render_response(response), strict=True)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", ProviderError),
        (b"<html>", ProviderError),
        (b"[]", ProviderError),
        (b"{}", ProviderError),
        (b'{"choices": []}', ProviderError),
        (b'{"choices": [{"message": "hello"}]}', ProviderError),
        (b'{"choices": [{"message": {"tool_calls": 7}}]}', ProviderError),
        (b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}', RateLimitError),
    ],
)
def test_what_is_no_answer_is_a_typed_error(body, error):
    with pytest.raises(error):
        DIALECT.parse_response(body)


# -- in pieces


@pytest.mark.parametrize("name", STREAMS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_it_does_not_matter_where_the_network_cuts_a_stream(name, data):
    stream = (GOLDEN / f"stream_{name}.sse").read_bytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    marks = [0, *cuts, len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(marks)]

    assert _shape(_read(pieces)) == _shape(_read([stream]))


def _read(pieces):
    parser, builder = DIALECT.stream_parser(), ResponseBuilder()
    for piece in pieces:
        for chunk in parser.feed(piece):
            builder.add(chunk)
    parser.close()
    return builder.build(model="?", created=0)


def _shape(response):
    """Ids that we had to make up differ from run to run."""
    blocks = [
        (type(block).__name__, getattr(block, "text", None), getattr(block, "arguments", None))
        for block in response.message.blocks
    ]
    return blocks, response.stop_reason, response.usage, response.model


def test_text_comes_in_order_with_its_usage(golden, answer_of):
    response = answer_of(DIALECT.stream_parser(), sent(golden, "text"))

    assert (response.text, response.usage, response.stop_reason) == ("Grüß Gott, 世界!", USAGE, StopReason.END_TURN)
    assert (response.id, response.model) == ("chatcmpl-S", "gpt-4o")


def test_calls_come_whole_with_their_ids(golden, answer_of):
    response = answer_of(DIALECT.stream_parser(), sent(golden, "tool_calls"))

    assert response.tool_calls == (
        ToolUseBlock(id="call_a", name="get_weather", arguments='{"city": "Paris"}'),
        ToolUseBlock(id="call_b", name="get_time", arguments="{}"),
    )
    assert response.stop_reason is StopReason.TOOL_USE


def test_calls_that_grow_side_by_side_are_kept_apart(golden, answer_of):
    response = answer_of(DIALECT.stream_parser(), sent(golden, "interleaved_calls"))

    assert [call.input for call in response.tool_calls] == [{"a": 1}, {"b": 2}]


def test_calls_without_ids_get_one_and_end_the_turn_as_tool_use(golden, answer_of):
    response = answer_of(DIALECT.stream_parser(), sent(golden, "calls_without_ids"))

    assert [(call.name, bool(call.id)) for call in response.tool_calls] == [("f", True), ("g", True)]
    assert response.stop_reason is StopReason.TOOL_USE


def test_reasoning_and_text_are_blocks_of_their_own(golden, answer_of):
    response = answer_of(DIALECT.stream_parser(), sent(golden, "reasoning"))

    assert response.message.content == (ThinkingBlock(text="6 times 7"), TextBlock(text="42"))


@pytest.mark.parametrize("name", STREAMS)
def test_blocks_open_grow_and_close_in_order(golden, name):
    parser = DIALECT.stream_parser()
    state = {}
    kinds = []

    for chunk in parser.feed(sent(golden, name)):
        kinds.append(chunk.kind)
        if chunk.kind is ChunkKind.BLOCK_START:
            assert chunk.block == len(state)
            state[chunk.block] = "open"
        elif chunk.kind is ChunkKind.DELTA:
            assert state[chunk.block] == "open"
        elif chunk.kind is ChunkKind.BLOCK_STOP:
            state[chunk.block] = "closed"

    assert kinds[0] is ChunkKind.START
    assert kinds.count(ChunkKind.END) == 1
    assert set(state.values()) == {"closed"}
    assert parser.finished


@pytest.mark.parametrize("cut", [b"", b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'])
def test_a_stream_without_its_end_is_broken(cut):
    parser = DIALECT.stream_parser()
    parser.feed(cut)

    with pytest.raises(StreamBrokenError):
        parser.close()


def test_a_finish_reason_is_an_end_too():
    parser = DIALECT.stream_parser()
    parser.feed(b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n')

    parser.close()

    assert parser.finished


@pytest.mark.parametrize(
    "bad",
    [
        b'data: {"error": {"message": "boom", "code": 500}}\n\n',
        b'event: error\ndata: {"message": "boom"}\n\n',
        b"data: not json\n\n",
        b"data: []\n\n",
        b'data: {"choices": [{"delta": 7}]}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": [7]}}]}\n\n',
    ],
)
def test_an_error_inside_a_stream_comes_after_what_was_said_before_it(bad):
    parser = DIALECT.stream_parser()

    with pytest.raises(UpstreamError):
        parser.feed(b'data: {"choices":[{"index":0,"delta":{"content":"said"}}]}\n\n' + bad)

    assert "".join([chunk.text for chunk in parser.take()]) == "said"


# -- to a client


def streamed_to_client(chunks, *, include_usage=True, response=None, model="m"):
    request = Request(messages=(ChatMessage(content="?"),), model=model, stream=True, include_usage=include_usage)
    renderer = DIALECT.stream_renderer(request)
    body = b"".join([renderer.render(chunk) for chunk in chunks])
    body += renderer.end(response or Response(message=ChatMessage(role="assistant"), usage=USAGE))
    events = [event.removeprefix(b"data: ") for event in body.split(b"\n\n") if event]
    assert events[-1] == b"[DONE]"
    return [ChatCompletionChunk.model_validate_json(event, strict=True) for event in events[:-1]]


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("foreign", [False, True])
def test_the_official_client_reads_every_event_relayed_or_written(golden, name, foreign):
    chunks = DIALECT.stream_parser().feed(sent(golden, name))
    if foreign:
        chunks = [_without_raw(chunk) for chunk in chunks]

    events = streamed_to_client(chunks)

    whole = _read([sent(golden, name)])
    assert "".join([event.choices[0].delta.content or "" for event in events if event.choices]) == whole.text
    assert _arguments(events) == [call.arguments for call in whole.tool_calls]
    assert [event.choices[0].finish_reason for event in events if event.choices][-1] in ("stop", "tool_calls")
    assert events[-1].usage.total_tokens == USAGE.total_tokens


def _without_raw(chunk):
    return attrs.evolve(chunk, raw=None, raw_dialect=None)


def _arguments(events):
    found = {}
    for event in events:
        for call in (event.choices[0].delta.tool_calls or ()) if event.choices else ():
            found[call.index] = found.get(call.index, "") + (call.function.arguments or "")
    return [found[index] for index in sorted(found)]


def test_events_of_the_same_dialect_are_relayed_as_they_came(golden):
    stream = sent(golden, "text")
    chunks = DIALECT.stream_parser().feed(stream)

    relayed = b"".join([chunk.raw or b"" for chunk in chunks])

    assert relayed == b"".join([event + b"\n\n" for event in stream.split(b"\n\n")[:5]])


def test_a_client_that_did_not_ask_for_usage_gets_none(golden):
    events = streamed_to_client(DIALECT.stream_parser().feed(sent(golden, "text")), include_usage=False)

    assert all(event.usage is None for event in events)


def test_a_stream_that_failed_says_so_and_ends():
    request = Request(messages=(ChatMessage(content="?"),), stream=True)

    body = DIALECT.stream_renderer(request).fail(RateLimitError("slow down", retry_after=3))

    error, done = [event.removeprefix(b"data: ") for event in body.split(b"\n\n") if event]
    assert json.loads(error)["error"]["code"] == "rate_limit_exceeded"
    assert done == b"[DONE]"


def test_an_answer_of_which_nothing_was_streamed_still_begins_and_ends():
    events = streamed_to_client([], response=Response(message=ChatMessage(role="assistant"), usage=USAGE))

    assert events[0].choices[0].delta.role == "assistant"


@pytest.mark.parametrize("error", [LegionError("x"), RateLimitError("y"), ProviderError("\ud800 lone surrogate")])
def test_every_error_can_be_said(error):
    said = json.loads(DIALECT.render_error(error))["error"]

    assert set(said) == {"message", "type", "param", "code"}


def test_a_chunk_that_says_nothing_writes_nothing():
    renderer = DIALECT.stream_renderer(Request(messages=(ChatMessage(content="?"),)))

    assert renderer.render(Chunk(kind=ChunkKind.USAGE, usage=USAGE)) == b""
