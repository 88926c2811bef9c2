from __future__ import annotations

import attrs
import pytest
from legion_llm.adapters.providers.response_builder import ResponseBuilder
from legion_llm.messages.chat import Chunk, ChunkKind, StopReason, Usage
from legion_llm.messages.content import TextBlock, ThinkingBlock, ToolUseBlock


def opens(block, kind, **fields):
    return Chunk(kind=ChunkKind.BLOCK_START, block=block, block_kind=kind, **fields)


def grows(block, kind, delta="", **fields):
    return Chunk(kind=ChunkKind.DELTA, block=block, block_kind=kind, delta=delta, **fields)


def closes(block, kind):
    return Chunk(kind=ChunkKind.BLOCK_STOP, block=block, block_kind=kind)


@pytest.fixture
def build():
    def built(*chunks, **fields):
        builder = ResponseBuilder()
        for chunk in chunks:
            builder.add(chunk)
        return builder.build(**{"model": "asked", "created": 5} | fields)

    return built


def test_blocks_stand_in_the_order_in_which_they_opened(build):
    response = build(
        opens(0, "thinking"),
        grows(0, "thinking", "Hm"),
        closes(0, "thinking"),
        opens(1, "text"),
        grows(1, "text", "Let me "),
        grows(1, "text", "look."),
        closes(1, "text"),
        opens(2, "tool_use", tool_id="call_1", tool_name="look"),
        grows(2, "tool_use", '{"at":'),
        grows(2, "tool_use", "1}"),
        closes(2, "tool_use"),
    )

    assert response.message.content == (
        ThinkingBlock(text="Hm"),
        TextBlock(text="Let me look."),
        ToolUseBlock(id="call_1", name="look", arguments='{"at":1}'),
    )


def test_blocks_that_grow_in_turns_do_not_mix(build):
    response = build(
        opens(0, "tool_use", tool_id="a", tool_name="f"),
        opens(1, "tool_use", tool_id="b", tool_name="g"),
        grows(0, "tool_use", "{"),
        grows(1, "tool_use", "[]"),
        grows(0, "tool_use", "}"),
    )

    assert [call.arguments for call in response.tool_calls] == ["{}", "[]"]


def test_a_call_without_arguments_has_an_empty_object(build):
    response = build(opens(0, "tool_use", tool_id="a", tool_name="f"), closes(0, "tool_use"))

    assert response.tool_calls[0].input == {}


def test_thinking_keeps_its_signature_and_names_its_origin(build):
    response = build(
        opens(0, "thinking"),
        grows(0, "thinking", "so"),
        grows(0, "thinking", signature="sig"),
        origin="openai/eu",
    )

    assert response.message.content == (ThinkingBlock(text="so", signature="sig", origin="openai/eu"),)


def test_thinking_that_is_signed_but_not_readable_is_kept(build):
    response = build(opens(0, "thinking"), grows(0, "thinking", signature="sig"))

    assert response.message.content == (ThinkingBlock(signature="sig"),)


def test_what_the_provider_says_of_a_block_at_its_end_stands_for_what_was_collected(build):
    whole = ThinkingBlock(text="so", encrypted="0a1b", extra={"id": "rs_1"})

    response = build(
        opens(0, "thinking"),
        grows(0, "thinking", "so"),
        Chunk(kind=ChunkKind.BLOCK_STOP, block=0, block_kind="thinking", content=whole),
        origin="openai/eu",
    )

    assert response.message.content == (attrs.evolve(whole, origin="openai/eu"),)


def test_a_text_that_never_said_anything_leaves_no_block(build):
    response = build(opens(0, "text"), closes(0, "text"))

    assert response.message.blocks == ()


def test_a_delta_opens_its_block_when_nobody_did(build):
    assert build(grows(3, "text", "hi")).text == "hi"


def test_id_model_usage_and_reason_are_those_the_provider_said_last(build):
    response = build(
        Chunk(kind=ChunkKind.START, id="chatcmpl-1", model="m-1"),
        Chunk(kind=ChunkKind.USAGE, usage=Usage(uncached_input=1)),
        Chunk(kind=ChunkKind.END, stop_reason=StopReason.STOP_SEQUENCE, stop_sequence="!", usage=Usage(cache_read=2)),
    )

    assert (response.id, response.model, response.usage) == ("chatcmpl-1", "m-1", Usage(cache_read=2))
    assert (response.stop_reason, response.stop_sequence) == (StopReason.STOP_SEQUENCE, "!")


def test_what_the_provider_does_not_say_is_filled_in(build):
    response = build(grows(0, "text", "hi"), warnings=("no top_k",))

    assert (response.model, response.created, response.warnings) == ("asked", 5, ("no top_k",))
    assert response.id.startswith("resp_")
    assert (response.stop_reason, response.usage) == (StopReason.UNKNOWN, Usage(source="partial"))
