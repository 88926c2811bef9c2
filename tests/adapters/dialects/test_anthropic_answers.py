"""Answers in Anthropic's dialect: from a provider, and to a client; whole and in pieces."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import ChatMessage, ChunkKind, Request, Response, StopReason, Usage
from legion_llm.messages.content import OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from legion_llm.messages.errors import (
    LegionError,
    ProviderError,
    RateLimitError,
    StreamBrokenError,
    UpstreamError,
)
from legion_llm.messages.unstreamed import chunks_of
from pydantic import TypeAdapter

GOLDEN = Path(__file__).parent / "golden"
DIALECT = AnthropicMessages()
EVENTS = TypeAdapter(RawMessageStreamEvent)
USAGE = Usage(uncached_input=20, cache_read=10, cache_write=5, visible_output=22, reasoning=8)
WHOLE = ["text", "tools", "kept_verbatim"]
OPENAI_STREAMS = ["text", "tool_calls", "reasoning", "interleaved_calls", "calls_without_ids"]


def sent(name):
    return (GOLDEN / "anthropic" / f"stream_{name}.sse").read_bytes()


def read(*pieces, dialect=DIALECT):
    parser, builder = dialect.stream_parser(), ResponseBuilder()
    for piece in pieces:
        for chunk in parser.feed(piece):
            builder.add(chunk)
    parser.close()
    return builder.build(model="?", created=0)


# -- whole


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_goes_to_the_client_as_it_came(golden_json, name):
    golden = golden_json(f"anthropic/response_{name}.json")

    body = json.loads(DIALECT.render_response(DIALECT.parse_response(json.dumps(golden).encode())))

    assert {key: body[key] for key in golden if key not in ("usage", "container")} == {
        key: golden[key] for key in golden if key not in ("usage", "container")
    }
    assert {key: golden["usage"][key] for key in body["usage"]} == body["usage"]


@pytest.mark.parametrize("name", WHOLE)
def test_the_official_client_reads_what_we_write(golden, name):
    response = DIALECT.parse_response(golden(f"anthropic/response_{name}.json"))

    assert Message.model_validate_json(DIALECT.render_response(response)).id == "msg_01"


def test_usage_is_read_into_buckets_that_do_not_overlap(golden):
    assert DIALECT.parse_response(golden("anthropic/response_text.json")).usage == USAGE


def test_reasoning_keeps_its_signature(golden):
    response = DIALECT.parse_response(golden("anthropic/response_tools.json"))

    assert response.message.blocks[0] == ThinkingBlock(text="They want the weather.", signature="EqQBCg==")
    assert [call.arguments for call in response.tool_calls] == ['{"city":"Paris"}', "{}"]


@pytest.mark.parametrize("reason", StopReason)
@pytest.mark.parametrize("block", [TextBlock(text="x"), ToolUseBlock(id="a", name="f")])
def test_every_reason_has_a_word_and_a_turn_with_calls_never_ends_as_end_turn(reason, block):
    response = Response(message=ChatMessage(role="assistant", content=(block,)), stop_reason=reason)

    message = Message.model_validate_json(DIALECT.render_response(response))

    assert not (isinstance(block, ToolUseBlock) and message.stop_reason == "end_turn")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", ProviderError),
        (b"[]", ProviderError),
        (b"{}", ProviderError),
        (b'{"content": [7]}', ProviderError),
        (b'{"content": [{"type": "tool_use"}]}', ProviderError),
        (b'{"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}', RateLimitError),
    ],
)
def test_what_is_no_answer_is_a_typed_error(body, error):
    with pytest.raises(error):
        DIALECT.parse_response(body)


# -- in pieces


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_it_does_not_matter_where_the_network_cuts_a_stream(name, data):
    stream = sent(name)
    marks = [0, *sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8))), len(stream)]

    assert read(*[stream[start:end] for start, end in pairwise(marks)]) == read(stream)


def test_a_stream_amounts_to_the_same_as_a_whole_answer(golden):
    whole = DIALECT.parse_response(golden("anthropic/response_tools.json"))

    streamed = read(sent("tools"))

    assert [
        attrs.evolve(block, arguments="") if isinstance(block, ToolUseBlock) else block
        for block in streamed.message.blocks
    ] == [
        attrs.evolve(block, arguments="") if isinstance(block, ToolUseBlock) else block
        for block in whole.message.blocks
    ]
    assert [call.input for call in streamed.tool_calls] == [{"city": "Paris"}, {}]
    assert (streamed.usage, streamed.stop_reason) == (USAGE, StopReason.TOOL_USE)


def test_text_comes_in_order():
    assert (read(sent("text")).text, read(sent("text")).id) == ("Grüß Gott, 世界", "msg_01")


def test_blocks_that_come_whole_are_kept_verbatim():
    response = read(sent("kept_verbatim"))

    encrypted, search, text = response.message.blocks
    assert encrypted == ThinkingBlock(encrypted="EmwKAhgB")
    assert (type(search), search.raw["type"], text.text) == (OpaqueBlock, "server_tool_use", "Found.")


@pytest.mark.parametrize("name", WHOLE)
def test_events_are_relayed_to_clients_of_the_same_dialect_as_they_came(name):
    stream = sent(name)
    renderer = DIALECT.stream_renderer(Request(messages=(ChatMessage(content="?"),)))

    relayed = b"".join([renderer.render(chunk) for chunk in DIALECT.stream_parser().feed(stream)])
    relayed += renderer.end(read(stream))

    without_pings = b"".join(
        [event + b"\n\n" for event in stream.split(b"\n\n") if event and b"event: ping" not in event]
    )
    assert relayed.replace(b'{"type":"message_stop"}', b'{"type": "message_stop"}') == without_pings


@pytest.mark.parametrize("cut", [b"", b'event: message_start\ndata: {"type": "message_start", "message": {}}\n\n'])
def test_a_stream_without_its_end_is_broken(cut):
    parser = DIALECT.stream_parser()
    parser.feed(cut)

    with pytest.raises(StreamBrokenError):
        parser.close()


@pytest.mark.parametrize(
    "bad",
    [
        b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n',
        b"data: not json\n\n",
        b'data: {"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "x"}}\n\n',
        b'data: {"type": "content_block_delta", "delta": {}}\n\n',
        b'data: {"type": "content_block_start", "index": 1, "content_block": {"type": "text"}}\n\n',
        b'data: {"type": "message_delta"}\n\n',
        b'data: {"type": "message_stop"}\n\n',
    ],
)
def test_an_error_inside_a_stream_comes_after_what_was_said_before_it(bad):
    parser = DIALECT.stream_parser()
    begun = b"".join([event + b"\n\n" for event in sent("text").split(b"\n\n")[:4]])

    with pytest.raises(UpstreamError):
        parser.feed(begun + bad)

    assert "".join([chunk.text for chunk in parser.take()]) == "Grüß "


# -- to a client, from anybody


def written(chunks, response, *, model="m"):
    renderer = DIALECT.stream_renderer(Request(messages=(ChatMessage(content="?"),), model=model, stream=True))
    body = b"".join([renderer.render(chunk) for chunk in chunks]) + renderer.end(response)
    return [EVENTS.validate_json(event.split(b"data: ", 1)[1]) for event in body.split(b"\n\n") if event]


def check_order(events):
    """Blocks one after the other, numbered without a gap, between a start and a stop."""
    open_block, count = None, 0
    for event in events[1:-2]:
        if event.type == "content_block_start":
            assert (open_block, event.index) == (None, count)
            open_block, count = event.index, count + 1
        else:
            assert event.index == open_block
            open_block = None if event.type == "content_block_stop" else open_block
    assert open_block is None
    assert [events[0].type, events[-2].type, events[-1].type] == ["message_start", "message_delta", "message_stop"]


@pytest.mark.parametrize("name", OPENAI_STREAMS)
def test_the_official_client_reads_the_answer_of_an_openai_provider(name):
    stream = (GOLDEN / "openai_chat" / f"stream_{name}.sse").read_bytes()
    response = read(stream, dialect=OpenAIChat())

    events = written(OpenAIChat().stream_parser().feed(stream), response)

    check_order(events)
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    assert "".join([delta.text for delta in deltas if delta.type == "text_delta"]) == response.text
    pieces = "".join([delta.partial_json for delta in deltas if delta.type == "input_json_delta"])
    assert pieces == "".join([call.arguments for call in response.tool_calls])
    assert events[-2].usage.output_tokens == response.usage.output_tokens
    assert events[-2].delta.stop_reason == ("tool_use" if response.tool_calls else "end_turn")


@pytest.mark.parametrize("name", WHOLE)
def test_the_official_client_reads_what_was_written_anew(golden, name):
    response = DIALECT.parse_response(golden(f"anthropic/response_{name}.json"))

    events = written(chunks_of(response), response)

    check_order(events)
    starts = [event.content_block.type for event in events if event.type == "content_block_start"]
    assert starts == [block["type"] for block in json.loads(golden(f"anthropic/response_{name}.json"))["content"]]


def test_an_openai_client_reads_the_answer_of_an_anthropic_provider():
    renderer = OpenAIChat().stream_renderer(Request(messages=(ChatMessage(content="?"),), include_usage=True))
    response = read(sent("tools"))

    body = b"".join([renderer.render(chunk) for chunk in DIALECT.stream_parser().feed(sent("tools"))])
    again = read(body + renderer.end(response), dialect=OpenAIChat())

    assert (again.text, again.message.thinking) == ("Let me look.", "They want the weather.")
    assert [(call.id, call.input) for call in again.tool_calls] == [("toolu_1", {"city": "Paris"}), ("toolu_2", {})]
    assert again.stop_reason is StopReason.TOOL_USE


def test_an_answer_of_which_nothing_was_streamed_still_begins_and_ends():
    response = Response(message=ChatMessage(role="assistant"), usage=USAGE)

    check_order(written([], response))


@pytest.mark.parametrize("error", [LegionError("x"), RateLimitError("y"), ProviderError("\ud800 lone surrogate")])
def test_every_error_can_be_said(error):
    said = json.loads(DIALECT.render_error(error))
    event = DIALECT.stream_renderer(Request(messages=(ChatMessage(content="?"),))).fail(error)

    assert (said["type"], set(said["error"])) == ("error", {"type", "message"})
    assert event.startswith(b"event: error\ndata: ")


def test_an_event_of_a_kind_that_nobody_knows_yet_is_passed_over():
    parser = DIALECT.stream_parser()

    assert parser.feed(b'data: {"type": "comet_seen"}\n\n') == []


def test_kinds_of_chunks_are_said_once():
    kinds = [chunk.kind for chunk in DIALECT.stream_parser().feed(sent("tools"))]

    assert (kinds.count(ChunkKind.START), kinds.count(ChunkKind.END)) == (1, 1)
    assert kinds.count(ChunkKind.BLOCK_START) == kinds.count(ChunkKind.BLOCK_STOP) == 4
