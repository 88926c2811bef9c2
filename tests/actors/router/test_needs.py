"""What a request asks of the router."""

from __future__ import annotations

import pytest
from legion_llm.actors.router.needs import needs_of, route_of
from legion_llm.messages.catalogue import Capability
from legion_llm.messages.chat import ChatMessage, Generation, Request, ResponseFormat, ToolChoice, ToolDefinition
from legion_llm.messages.content import (
    AudioBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from legion_llm.messages.exclusion import Exclusion
from legion_llm.messages.routing import Needs, Route
from legion_llm.messages.tokens import estimated_input_tokens

PICTURE = ImageBlock(source="url", data="https://x/y.png")
PAPER = DocumentBlock(source="base64", data="JVBERi0=", media_type="application/pdf")
TOOL = ToolDefinition(name="look")


def request(*content, **fields):
    return Request(messages=tuple(ChatMessage(content=each) for each in content or ("hi",)), **fields)


def needed(asked):
    return set(needs_of(asked).capabilities) - {Capability.CHAT}


def test_a_plain_request_needs_nothing_and_is_not_counted():
    assert needs_of(request()) == Needs()


@pytest.mark.parametrize(
    ("asked", "capabilities"),
    [
        (request(tools=(TOOL,)), {"tools"}),
        (request(tools=()), set()),
        (request(tools=(TOOL,), tool_choice=ToolChoice(mode="none")), set()),
        (request(tools=(TOOL,), tool_choice=ToolChoice(mode="required")), {"tools"}),
        (request((TextBlock(text="what is this?"), PICTURE)), {"vision"}),
        (request((AudioBlock(data="", format="wav"),)), {"audio"}),
        (request((PAPER,)), {"documents"}),
        (request((DocumentBlock(source="text", data="plain"),)), set()),
        (request((ToolResultBlock(tool_use_id="c", content=(PICTURE,)),)), {"vision"}),
        (request((ToolResultBlock(tool_use_id="c", content="text"),)), set()),
        (request((OpaqueBlock(dialect="x", raw={}),)), set()),
        (request(response_format=ResponseFormat(type="json_schema", schema={})), {"structured"}),
        (request(response_format=ResponseFormat(type="json_object")), set()),
        (request("hi", (PICTURE,), tools=(TOOL,)), {"vision", "tools"}),
    ],
)
def test_what_it_shows_is_what_it_needs(asked, capabilities):
    assert needed(asked) == capabilities


def test_room_for_the_answer_is_what_the_caller_allows():
    assert needs_of(request(generation=Generation(max_tokens=500))).output_tokens == 500


@pytest.mark.parametrize(
    "asked",
    [
        request("x" * 7000),
        request(*["x" * 300] * 30),
        request((TextBlock(text="x" * 7000),)),
        request((ToolUseBlock(id="c", name="t", arguments="x" * 7000),)),
        request((ToolResultBlock(tool_use_id="c", content="x" * 7000),)),
        request((DocumentBlock(source="text", data="x" * 7000),)),
        request((PICTURE,)),
        request((OpaqueBlock(dialect="x", raw={}),)),
        request(tools=(TOOL,) * 20),
    ],
)
def test_what_may_be_long_is_counted_as_everybody_else_counts_it(asked):
    assert needs_of(asked).input_tokens == estimated_input_tokens(asked) > 0


def test_the_router_is_asked_all_that_the_request_says_of_its_way():
    asked = request(
        model="m",
        provider="p",
        tier="local",
        intent={"cost": "low"},
        exclude=(Exclusion(model="n"),),
        affinity="a",
        tools=(TOOL,),
    )

    assert route_of(asked, is_attempted=False) == Route(
        model="m",
        provider="p",
        tier="local",
        intent={"cost": "low"},
        needs=needs_of(asked),
        exclude=(Exclusion(model="n"),),
        affinity="a",
        is_attempted=False,
    )
