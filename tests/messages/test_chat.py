from __future__ import annotations

import re

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.messages.chat import (
    ChatMessage,
    Chunk,
    ChunkKind,
    Request,
    Response,
    StopReason,
    Usage,
    new_id,
    tool_name,
)
from legion_llm.messages.content import TextBlock, ThinkingBlock, ToolUseBlock

CALL = ToolUseBlock(id="call_1", name="look")
BUCKETS = [field.name for field in attrs.fields(Usage) if field.type == "int" or field.type is int]
COUNTS = st.integers(0, 10**9)


def test_an_id_is_its_prefix_and_24_hex_digits():
    assert re.fullmatch(r"req_[0-9a-f]{24}", new_id("req_"))


def test_ids_differ():
    assert len({Request(messages=()).id for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("look_up-2", "look_up-2"),
        ("files.read.all", "files_read_all"),
        ("a b/c:d", "abcd"),
        ("größe", "gre"),
        ("x" * 100, "x" * 64),
        ("...", "___"),
        ("", "tool"),
        ("日本", "tool"),
        ("a\nb", "ab"),
    ],
)
def test_a_tool_name_is_made_acceptable_to_every_provider(name, accepted):
    assert tool_name(name) == accepted


@given(st.text())
def test_every_tool_name_becomes_one_that_all_providers_take_and_then_stays(name):
    accepted = tool_name(name)

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", accepted)
    assert tool_name(accepted) == accepted


@given(st.fixed_dictionaries(dict.fromkeys(BUCKETS, COUNTS)))
def test_the_buckets_of_usage_add_up(counts):
    usage = Usage(**counts)

    assert usage.output_tokens == sum(counts[name] for name in BUCKETS if "output" in name or name == "reasoning")
    assert usage.total_tokens == sum(counts.values()) == usage.input_tokens + usage.output_tokens


def test_usage_begins_at_nothing():
    assert Usage().total_tokens == 0


def test_text_content_is_one_block():
    assert ChatMessage(content="hello").blocks == (TextBlock(text="hello"),)


def test_empty_text_is_no_block():
    assert ChatMessage(content="").blocks == ()


def test_a_message_of_blocks_tells_text_calls_and_thinking_apart():
    message = ChatMessage(
        role="assistant", content=(ThinkingBlock(text="hm"), TextBlock(text="a"), CALL, TextBlock(text="b"))
    )

    assert (message.text, message.tool_calls, message.thinking) == ("ab", (CALL,), "hm")
    assert message.blocks == message.content


def test_a_message_of_text_has_no_calls_and_no_thinking():
    message = ChatMessage(content="hello")

    assert (message.tool_calls, message.thinking) == ((), "")


def test_a_response_shows_its_messages_text_and_calls():
    response = Response(message=ChatMessage(role="assistant", content=(TextBlock(text="a"), CALL)))

    assert (response.text, response.tool_calls) == ("a", (CALL,))


@pytest.mark.parametrize(
    ("chunk", "text", "is_content"),
    [
        (Chunk(kind=ChunkKind.START, id="resp_1", model="m"), "", False),
        (Chunk(kind=ChunkKind.BLOCK_START, block_kind="text"), "", False),
        (Chunk(kind=ChunkKind.BLOCK_START, block_kind="thinking"), "", False),
        (Chunk(kind=ChunkKind.BLOCK_START, block_kind="tool_use", tool_id="call_1", tool_name="look"), "", True),
        (Chunk(kind=ChunkKind.DELTA, block_kind="text", delta="a"), "a", True),
        (Chunk(kind=ChunkKind.DELTA, block_kind="text", delta=""), "", False),
        (Chunk(kind=ChunkKind.DELTA, block_kind="thinking", delta="hm"), "", True),
        (Chunk(kind=ChunkKind.DELTA, block_kind="thinking", signature="sig"), "", False),
        (Chunk(kind=ChunkKind.DELTA, block_kind="tool_use", delta='{"a'), "", True),
        (Chunk(kind=ChunkKind.BLOCK_STOP, block_kind="text"), "", False),
        (Chunk(kind=ChunkKind.USAGE, usage=Usage(visible_output=1)), "", False),
        (Chunk(kind=ChunkKind.END, stop_reason=StopReason.END_TURN), "", False),
    ],
)
def test_a_chunk_knows_its_text_and_whether_the_caller_sees_something_of_it(chunk, text, is_content):
    assert (chunk.text, chunk.is_content) == (text, is_content)


def test_a_sum_of_usages_has_a_cost_only_where_that_of_all_tokens_is_known():
    dear, cheap, unknown = Usage(uncached_input=1, cost_usd=0.5), Usage(reasoning=1, cost_usd=0.25), Usage(reasoning=1)

    assert (dear + cheap).cost_usd == 0.75
    assert (Usage() + dear).cost_usd == 0.5
    assert (dear + unknown).cost_usd is None
    assert (Usage() + Usage()).cost_usd is None
