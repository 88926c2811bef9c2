from __future__ import annotations

import json

import attrs
import pytest
from legion_llm.messages.content import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    text_of,
)
from legion_llm.messages.errors import InvalidRequestError

BLOCKS = (
    TextBlock(text="visible "),
    ThinkingBlock(text="secret reasoning"),
    ToolUseBlock(id="call_1", name="look", arguments='{"at": "it"}'),
    ToolResultBlock(tool_use_id="call_1", content="seen"),
    ToolResultBlock(tool_use_id="call_1", content=(TextBlock(text="seen"),)),
    ImageBlock(source="url", data="https://example.org/a.png"),
    DocumentBlock(source="text", data="a document"),
    AudioBlock(data="UklGRg==", format="wav"),
    OpaqueBlock(dialect="openai.chat", raw={"type": "odd"}),
    TextBlock(text="text"),
)


def call(arguments):
    return ToolUseBlock(id="call_1", name="look", arguments=arguments)


def test_the_text_of_blocks_is_their_text_blocks_joined_and_nothing_else():
    assert text_of(BLOCKS) == "visible text"


@pytest.mark.parametrize(("content", "text"), [("as it is", "as it is"), ("", ""), ((), "")])
def test_the_text_of_text_is_itself(content, text):
    assert text_of(content) == text


def test_no_two_blocks_share_a_tag():
    tags = [cls.type for cls in dict.fromkeys(map(type, BLOCKS))]

    assert len(tags) == len(set(tags)) == 8


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.type)
def test_blocks_are_frozen(block):
    name = attrs.fields(type(block))[0].name

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(block, name, "changed")


@pytest.mark.parametrize("arguments", ["", "  \n"])
def test_empty_arguments_are_an_empty_object(arguments):
    assert call(arguments).input == {}


def test_arguments_are_read_as_json():
    assert call('{"at": {"x": [1, null, "é"]}}').input == {"at": {"x": [1, None, "é"]}}


@pytest.mark.parametrize("arguments", ["{", "nonsense", '{"a": 1} x', "{'a': 1}", '{"n": ' + "9" * 5000 + "}"])
def test_arguments_that_are_not_json_name_the_tool(arguments):
    with pytest.raises(InvalidRequestError, match="tool call 'look' are not JSON"):
        _ = call(arguments).input


@pytest.mark.parametrize("value", [[1], "text", 7, None, True])
def test_arguments_that_are_no_object_are_refused(value):
    with pytest.raises(InvalidRequestError, match="tool call 'look' are not a JSON object"):
        _ = call(json.dumps(value)).input


@pytest.mark.parametrize("depth", [100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_arguments_nested_beyond_reading_are_an_error_and_no_crash(depth, opened, closed):
    inner = opened * depth + "1" + closed * depth

    with pytest.raises(InvalidRequestError, match="tool call 'look' are nested too deep"):
        _ = call(f'{{"a": {inner}}}').input


def test_the_arguments_stay_as_the_model_wrote_them():
    assert call('{ "a" :1}').arguments == '{ "a" :1}'
