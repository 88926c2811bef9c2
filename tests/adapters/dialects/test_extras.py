"""Fields without a name of ours: they go out in the dialect they came in, and in no other."""

from __future__ import annotations

import json

import attrs
import pytest
from legion_llm.adapters.dialects.anthropic import AnthropicMessages
from legion_llm.adapters.dialects.extras import marked, own
from legion_llm.adapters.dialects.gemini import Gemini
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.adapters.dialects.protocol import DialectOptions
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.content import OpaqueBlock, TextBlock, ToolUseBlock

ODD = {"odd": 1}
SAID = ChatMessage(
    role="assistant",
    content=(TextBlock(text="a", extra=ODD), ToolUseBlock(id="c", name="f", extra=ODD)),
    extra={"more": 2},
)
DIALECTS = {"anthropic.messages": AnthropicMessages(), "openai.chat": OpenAIChat(), "gemini.generate": Gemini()}


def sent(name, message):
    """What a host's conversation with `message` in it becomes in a dialect."""
    request = Request(messages=(ChatMessage(content="?"), message))
    wire = DIALECTS[name].render_request(request, "m", stream=False, options=DialectOptions())
    return wire.body.decode()


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("came_in", DIALECTS)
def test_what_a_provider_said_goes_back_in_its_dialect_alone(name, came_in):
    body = sent(name, marked(SAID, came_in))

    assert ('"odd"' in body) == (name == came_in)
    assert "legion" not in body


@pytest.mark.parametrize("name", DIALECTS)
def test_what_a_host_says_goes_along(name):
    assert '"odd"' in sent(name, SAID)


def test_an_answer_goes_to_a_client_without_the_mark():
    answer = AnthropicMessages().parse_response(
        json.dumps({"content": [{"type": "text", "text": "a", "citations": [1]}], "stop_reason": "end_turn"}).encode()
    )
    came = attrs.evolve(answer, message=marked(answer.message, "anthropic.messages"))

    assert json.loads(AnthropicMessages().render_response(came))["content"] == [
        {"citations": [1], "type": "text", "text": "a"}
    ]


@pytest.mark.parametrize(
    "message",
    [
        ChatMessage(content="x"),
        ChatMessage(content=(TextBlock(text="x"), OpaqueBlock(dialect="d", raw={}))),
    ],
)
def test_a_message_without_such_fields_stays_the_same_object(message):
    assert marked(message, "d") is message


def test_fields_that_nobody_marked_are_anybodys():
    assert own(ODD, "d") is ODD
