"""Our own messages as JSON."""

from __future__ import annotations

import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from legion_llm.adapters.codec import from_json, to_json
from legion_llm.messages.chat import (
    ChatMessage,
    Chunk,
    ChunkKind,
    Generation,
    Request,
    Response,
    RoutingInfo,
    StopReason,
    Thinking,
    ToolChoice,
    ToolDefinition,
    Usage,
)
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

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=10)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
EXTRA = st.dictionaries(TEXT, JSONS, max_size=2)
SIMPLE = st.one_of(
    st.builds(TextBlock, text=TEXT, cache_control=st.none() | EXTRA, extra=EXTRA),
    st.builds(
        ThinkingBlock, text=TEXT, signature=st.none() | TEXT, encrypted=st.none() | TEXT, origin=st.none() | TEXT
    ),
    st.builds(ToolUseBlock, id=TEXT, name=TEXT, arguments=TEXT),
    st.builds(ImageBlock, source=st.sampled_from(["base64", "url", "file"]), data=TEXT, detail=st.none() | TEXT),
    st.builds(
        DocumentBlock, source=st.sampled_from(["base64", "url", "text", "file"]), data=TEXT, name=st.none() | TEXT
    ),
    st.builds(AudioBlock, data=TEXT, format=TEXT),
    st.builds(OpaqueBlock, dialect=TEXT, raw=EXTRA),
)
BLOCKS = SIMPLE | st.builds(
    ToolResultBlock, tool_use_id=TEXT, content=TEXT | st.lists(SIMPLE, max_size=2).map(tuple), is_error=st.booleans()
)
MESSAGES = st.builds(
    ChatMessage,
    role=st.sampled_from(["system", "user", "assistant", "tool"]),
    content=TEXT | st.lists(BLOCKS, max_size=3).map(tuple),
    extra=EXTRA,
)
REQUESTS = st.builds(
    Request,
    messages=st.lists(MESSAGES, max_size=3).map(tuple),
    system=st.none() | TEXT | st.lists(SIMPLE, max_size=2).map(tuple),
    tools=st.none() | st.lists(st.builds(ToolDefinition, name=TEXT, parameters=EXTRA), max_size=2).map(tuple),
    tool_choice=st.none() | st.just(ToolChoice(mode="tool", name="f", parallel=False)),
    generation=st.builds(
        Generation, temperature=st.none() | st.floats(0, 2), stop=st.lists(TEXT, max_size=2).map(tuple)
    ),
    thinking=st.none() | st.just(Thinking(mode="adaptive", effort="high")),
    extra=EXTRA,
)
RESPONSES = st.builds(
    Response,
    message=MESSAGES,
    stop_reason=st.sampled_from(StopReason),
    usage=st.builds(Usage, uncached_input=st.integers(0, 9), source=st.sampled_from(["reported", "partial"])),
    routing=st.none() | st.just(RoutingInfo(provider="a", model="m", tier="local", chain=("a/m: success",))),
    warnings=st.lists(TEXT, max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(REQUESTS)
def test_a_request_survives(request):
    assert from_json(to_json(request), Request) == request


@settings(max_examples=150, deadline=None)
@given(RESPONSES)
def test_a_response_survives(response):
    assert from_json(to_json(response), Response) == response


@pytest.mark.parametrize(
    "chunk",
    [
        Chunk(kind=ChunkKind.START, id="x", model="m", raw=b"data: \xff\n\n", raw_dialect="openai.chat"),
        Chunk(kind=ChunkKind.END, stop_reason=StopReason.TOOL_USE, usage=Usage(visible_output=3)),
    ],
)
def test_a_chunk_survives_with_its_bytes(chunk):
    assert from_json(to_json(chunk), Chunk) == chunk


def test_a_block_carries_its_tag_wherever_it_stands():
    message = ChatMessage(content=(TextBlock(text="a"), ToolUseBlock(id="c", name="f")))

    assert [block["type"] for block in json.loads(to_json(message))["content"]] == ["text", "tool_use"]
    assert json.loads(to_json(TextBlock(text="a")))["type"] == "text"


def test_fields_that_nobody_knows_any_more_are_ignored():
    value = {**json.loads(to_json(Usage(visible_output=3))), "carbon": 7}

    assert from_json(json.dumps(value).encode(), Usage) == Usage(visible_output=3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"not json", "line 1 column 1"),
        (b"[]", "not a JSON object"),
        (b"{}", "messages"),
        (b'{"messages": 7}', "messages"),
        (b'{"messages": [{"content": [{"type": "hologram"}]}]}', "hologram"),
        (
            b'{"messages": [{"content": [{"text": "no tag"}]}]}',
            r"required field missing @ \$\.messages\[0\]\.content\[0\]",
        ),
        (b'{"messages": [], "generation": {"temperature": "hot"}}', "temperature"),
    ],
)
def test_what_is_no_message_is_an_error_that_says_where(data, words):
    with pytest.raises(ValueError, match=words):
        from_json(data, Request)


@attrs.frozen
class Odd:
    value: object


def test_what_json_cannot_say_is_an_error():
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        to_json(Odd(2**80))
