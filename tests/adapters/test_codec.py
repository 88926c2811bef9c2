"""Our own messages as JSON."""

from __future__ import annotations

import contextlib
import json
from types import MappingProxyType

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
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.errors import InvalidRequestError

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
@given(BLOCKS)
def test_a_block_survives_alone(block):
    assert from_json(to_json(block), type(block)) == block
    assert from_json(to_json(block), ContentBlock) == block


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
    ("data", "param", "words"),
    [
        (b"not json", None, "not JSON: .*line 1 column 1"),
        (b"\xff", None, "not valid UTF-8"),
        (b"[]", None, "must be an object, not an array"),
        (b"{}", "messages", "is required"),
        (b'{"messages": 7}', "messages", "must be an array, not a number"),
        (b'{"messages": "ab"}', "messages", "must be an array, not a string"),
        (b'{"messages": ["ab"]}', "messages.0", "must be an object, not a string"),
        (b'{"messages": [{"role": "wizard"}]}', "messages.0.role", "must be one of system, .*, not 'wizard'"),
        (b'{"messages": [{"role": []}]}', "messages.0.role", "must be one of system, .*, not an array"),
        (b'{"messages": [{"content": null}]}', "messages.0.content", "a string or an array of blocks, not null"),
        (b'{"messages": [{"content": {}}]}', "messages.0.content", "a string or an array of blocks, not an object"),
        (b'{"messages": [{"content": [7]}]}', "messages.0.content.0", "must be an object"),
        (b'{"messages": [{"content": [{"type": "hologram"}]}]}', "messages.0.content.0", "'hologram'"),
        (b'{"messages": [{"content": [{"type": []}]}]}', "messages.0.content.0", "no kind of content block"),
        (b'{"messages": [{"content": [{"text": "no tag"}]}]}', "messages.0.content.0", "has no type"),
        (b'{"messages": [{"content": [{"type": "text"}]}]}', "messages.0.content.0.text", "is required"),
        (b'{"messages": [], "id": 7}', "id", "must be a string, not a number"),
        (b'{"messages": [], "stream": "yes"}', "stream", "must be a boolean, not a string"),
        (b'{"messages": [], "extra": null}', "extra", "must be an object, not null"),
        (b'{"messages": [], "generation": {"temperature": "hot"}}', "generation.temperature", "must be a number"),
        (b'{"messages": [], "generation": {"temperature": true}}', "generation.temperature", "not a boolean"),
        (b'{"messages": [], "generation": {"seed": 1.5}}', "generation.seed", "must be an integer"),
        (b'{"messages": [], "generation": {"stop": ["a", 7]}}', "generation.stop.1", "must be a string"),
    ],
)
def test_what_is_no_message_is_an_error_that_says_where(data, param, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        from_json(data, Request)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("data", "param", "words"),
    [
        ({"kind": "middle"}, "kind", "must be one of start, .*, not 'middle'"),
        ({"kind": 7}, "kind", "must be one of start, .*, not a number"),
        ({"kind": "start", "raw": "###"}, "raw", "must be base64"),
        ({"kind": "start", "raw": "ü"}, "raw", "must be base64"),
        ({"kind": "start", "raw": 7}, "raw", "must be a string"),
        ({"kind": "block_start", "content": {"type": "text", "text": "a"}}, "content", "no kind of content block"),
        ({"kind": "usage", "usage": {"reasoning": None}}, "usage.reasoning", "must be an integer, not null"),
    ],
)
def test_what_is_no_chunk_is_an_error_that_says_where(data, param, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        from_json(json.dumps(data).encode(), Chunk)

    assert caught.value.param == param


def test_no_tools_at_all_are_not_the_tools_that_nobody_mentioned():
    assert from_json(b'{"messages": []}', Request).tools is None
    assert from_json(b'{"messages": [], "tools": null}', Request).tools is None
    assert from_json(b'{"messages": [], "tools": []}', Request).tools == ()


def test_what_is_absent_has_its_default():
    request = from_json(b'{"messages": []}', Request)

    assert request.id.startswith("req_")
    assert attrs.evolve(request, id="req_1") == Request(messages=(), id="req_1")


def paths(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*path, key))


def replaced(value, path, junk):
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], junk)
    return copy


@settings(max_examples=300, deadline=None)
@given(REQUESTS | RESPONSES, st.data())
def test_junk_anywhere_is_an_error_of_ours_or_a_message_that_survives(message, data):
    written = json.loads(to_json(message))
    path = data.draw(st.sampled_from(list(paths(written))))
    junk = data.draw(st.sampled_from([None, True, 7, -1.5, "x", [], {}, [None], {"type": 7}, [[[]]]]))

    # Any other exception would be a crash of whoever reads.
    with contextlib.suppress(InvalidRequestError):
        read = from_json(json.dumps(replaced(written, path, junk)).encode(), type(message))
        assert from_json(to_json(read), type(message)) == read


def nested(levels):
    block = TextBlock(text="x")
    for _ in range(levels):
        block = ToolResultBlock(tool_use_id="c", content=(block,))
    return block


def test_blocks_within_blocks_without_end_are_refused_both_ways():
    data = b'{"type":"tool_result","tool_use_id":"c","content":[' * 400 + b"]}" * 400

    with pytest.raises(InvalidRequestError, match="nested too deep"):
        from_json(data, ToolResultBlock)
    with pytest.raises(InvalidRequestError, match="cannot be written as JSON"):
        to_json(nested(1000))


@pytest.mark.parametrize(
    "value",
    [
        TextBlock(text="\ud800"),
        Usage(visible_output=2**80),
        Generation(temperature=float("nan")),
        OpaqueBlock(dialect="x", raw={"a": float("inf")}),
        OpaqueBlock(dialect="x", raw={"a": {1, 2}, "b": object()}),
    ],
)
def test_what_json_cannot_say_is_an_error(value):
    with pytest.raises(InvalidRequestError, match="cannot be written as JSON"):
        to_json(value)


def test_a_mapping_that_cannot_change_is_an_object_too():
    block = OpaqueBlock(dialect="x", raw=MappingProxyType({"a": MappingProxyType({"b": 1})}))

    assert from_json(to_json(block), OpaqueBlock).raw == {"a": {"b": 1}}
