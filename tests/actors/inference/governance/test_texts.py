from __future__ import annotations

import json

import pytest
from legion_llm.actors.inference.governance.texts import rewritten, texts_of
from legion_llm.messages.chat import ChatMessage, Request
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

SECRET = "123-45-6789"

# Every shape of content that can carry a text of the caller's, each holding the secret once.
SHAPES = {
    "text": SECRET,
    "text block": (TextBlock(text=f"it is {SECRET}"),),
    "thinking": (ThinkingBlock(text=f"hm, {SECRET}", signature="sig"),),
    "tool call": (ToolUseBlock(id="1", name="find", arguments=json.dumps({"ssn": SECRET, "n": 3})),),
    "tool call that is no JSON": (ToolUseBlock(id="1", name="find", arguments=f"ssn={SECRET}"),),
    "tool result": (ToolResultBlock(tool_use_id="1", content=f"found {SECRET}"),),
    "tool result of blocks": (ToolResultBlock(tool_use_id="1", content=(TextBlock(text=SECRET),)),),
    "document of text": (DocumentBlock(source="text", data=f"Name: {SECRET}"),),
    "name of a document": (DocumentBlock(source="base64", data="AAAA", name=f"{SECRET}.pdf"),),
    "address of a document": (DocumentBlock(source="url", data=f"https://x.example/{SECRET}"),),
    "address of a picture": (ImageBlock(source="url", data=f"https://x.example/{SECRET}"),),
    "a vendor's own block": (OpaqueBlock(dialect="x", raw={"a": [{"b": SECRET}], "n": 1}),),
}


def request_with(content, **fields):
    return Request(messages=(ChatMessage(content=content),), **fields)


def redact(text):
    return text.replace(SECRET, "X")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_is_found_in_every_shape(shape):
    assert any(SECRET in text for text in texts_of(request_with(SHAPES[shape])))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_is_replaced_in_every_shape(shape):
    request = rewritten(request_with(SHAPES[shape]), redact)

    assert SECRET not in repr(request)
    assert "X" in "".join(texts_of(request))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_system_prompt_is_a_text_like_another(shape):
    request = request_with("hello", system=SHAPES[shape])

    assert SECRET not in repr(rewritten(request, redact))


def test_arguments_of_a_call_stay_json():
    block = (
        rewritten(request_with(SHAPES["tool call"]), lambda text: text.replace(SECRET, '"quoted"'))
        .messages[0]
        .content[0]
    )

    assert block.input == {"ssn": '"quoted"', "n": 3}


def test_a_signature_does_not_outlive_the_text_it_vouches_for():
    changed = rewritten(request_with(SHAPES["thinking"]), redact).messages[0].content[0]
    untouched = (ThinkingBlock(text="fine", signature="sig"),)

    assert (changed.text, changed.signature) == ("hm, X", None)
    assert rewritten(request_with(untouched), redact).messages[0].content[0].signature == "sig"


def test_a_request_in_which_nothing_changes_stays_the_same_object():
    request = request_with((TextBlock(text="a"), AudioBlock(data="AAAA", format="wav")), system="b")

    assert rewritten(request, redact) is request
