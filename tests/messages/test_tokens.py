"""Estimates of tokens: near enough to plan with."""

from __future__ import annotations

import pytest
from legion_llm.messages.chat import ChatMessage, Request, ToolDefinition
from legion_llm.messages.content import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.tokens import estimated_input_tokens


def tokens(*messages, **more):
    return estimated_input_tokens(Request(messages=messages, **more))


# Counted with the vocabulary of a common model.
@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 20, 201),
        ("def add(first, second):\n    return first + second\n" * 20, 241),
        ("私はその人を常に先生と呼んでいた。" * 20, 340),
    ],
)
def test_text_is_estimated_within_a_third(text, counted):
    assert tokens(ChatMessage(content=text)) == pytest.approx(counted, rel=0.34)


@pytest.mark.parametrize(
    "block",
    [
        TextBlock(text="some words"),
        ThinkingBlock(text="some thoughts"),
        ToolUseBlock(id="c", name="f", arguments='{"a": 1}'),
        ToolResultBlock(tool_use_id="c", content=(TextBlock(text="a result"),)),
        ImageBlock(source="url", data="https://example.org/a.png"),
        DocumentBlock(source="base64", data="JVBERi0=" * 100),
        DocumentBlock(source="text", data="plain words"),
        AudioBlock(data="UklGRg==" * 100, format="wav"),
        OpaqueBlock(dialect="x", raw={"type": "search_result"}),
    ],
)
def test_every_block_counts(block):
    assert tokens(ChatMessage(content=(block,))) > tokens(ChatMessage(content=()))


def test_system_and_tools_count():
    plain = tokens(ChatMessage(content="Hi"))
    tool = ToolDefinition(name="weather", description="Tells it.", parameters={"type": "object"})

    assert tokens(ChatMessage(content="Hi"), system="Be brief.") > plain
    assert tokens(ChatMessage(content="Hi"), tools=(tool,)) > plain + 10


def test_lone_surrogates_do_not_stop_it():
    assert tokens(ChatMessage(content="\ud800")) > 0
