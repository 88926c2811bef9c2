"""What stays the same of a long prompt is marked for the cache, once, and never against what the client has marked itself."""

from __future__ import annotations

import json

import attrs
import httpx
import pytest
import trio
from legion_llm.adapters.dialects.bedrock.models import marks_taken
from legion_llm.adapters.providers.build import build_provider
from legion_llm.adapters.providers.cache_marks import CacheMarks
from legion_llm.messages.chat import ChatMessage, Request, ToolDefinition
from legion_llm.messages.content import TextBlock, ThinkingBlock
from legion_llm.messages.settings import PromptCachingSettings, ProviderSettings, Settings, expand_instances

MARK = {"type": "ephemeral"}
LONG = "word " * 2000
TURNS = (ChatMessage(content="one"), ChatMessage(role="assistant", content="1"), ChatMessage(content="two"))
TOOLS = (ToolDefinition(name="a"), ToolDefinition(name="b"))
WHOLE = Request(messages=TURNS, system=LONG, tools=TOOLS)


def marked(request, *, takes=(True, True), **settings):
    return CacheMarks(PromptCachingSettings(**settings), lambda _model: takes).put(request, "m")


def places(request):
    """Where marks stand."""
    found = {f"tool {tool.name}" for tool in request.tools or () if tool.cache_control}
    if not isinstance(request.system, str) and any(block.cache_control for block in request.system or ()):
        found.add("system")
    for number, message in enumerate(request.messages):
        if not isinstance(message.content, str) and any(
            getattr(each, "cache_control", None) for each in message.content
        ):
            found.add(number)
    return found


def test_system_prompt_last_tool_and_the_message_before_the_last_are_marked():
    request = marked(WHOLE)

    assert places(request) == {"system", "tool b", 1}
    assert request.system[0].cache_control == MARK
    assert request.messages[1].text == "1"


def test_a_short_prompt_is_not_marked():
    short = attrs.evolve(WHOLE, system="be kind")

    assert marked(short) is short
    assert places(marked(short, min_tokens=0)) == {"system", "tool b", 1}


@pytest.mark.parametrize(
    "request_",
    [
        attrs.evolve(WHOLE, dialect="anthropic.messages"),
        attrs.evolve(WHOLE, tools=(ToolDefinition(name="a", cache_control=MARK),)),
        attrs.evolve(WHOLE, system=(TextBlock(text=LONG, cache_control=MARK),)),
        attrs.evolve(WHOLE, messages=(ChatMessage(content=(TextBlock(text="x", cache_control=MARK),)),)),
    ],
)
def test_what_a_client_says_itself_stays_as_it_is(request_):
    assert marked(request_) is request_


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"cache_tools": False}, {"system", 1}),
        ({"cache_system_prompt": False}, {"tool b", 1}),
        ({"cache_conversation": False}, {"system", "tool b"}),
    ],
)
def test_each_mark_has_a_switch(settings, expected):
    assert places(marked(WHOLE, **settings)) == expected


@pytest.mark.parametrize(
    ("takes", "expected"), [((True, False), {"system", 1}), ((False, True), {"tool b"}), ((False, False), set())]
)
def test_a_model_gets_the_marks_that_it_takes(takes, expected):
    assert places(marked(WHOLE, takes=takes)) == expected


def test_reasoning_is_not_marked_but_what_stands_before_it():
    said = ChatMessage(role="assistant", content=(TextBlock(text="1"), ThinkingBlock(text="hm")))
    request = marked(attrs.evolve(WHOLE, messages=(TURNS[0], said, TURNS[2])))

    assert request.messages[1].content[0].cache_control == MARK


def test_a_single_message_has_nothing_before_it():
    assert places(marked(attrs.evolve(WHOLE, messages=TURNS[:1]))) == {"system", "tool b"}


def test_a_time_to_live_goes_along():
    assert marked(WHOLE, ttl="1h").system[0].cache_control == {**MARK, "ttl": "1h"}


@pytest.mark.parametrize(
    ("model", "taken"),
    [
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", (True, True)),
        ("amazon.nova-pro-v1:0", (True, False)),
        ("meta.llama3-8b-instruct-v1:0", (False, False)),
    ],
)
def test_at_bedrock_it_depends_on_the_model(model, taken):
    assert marks_taken(model) == taken


@pytest.mark.parametrize(("enabled", "count"), [(True, 3), (False, 0)])
def test_anthropic_gets_them_on_the_wire(enabled, count):
    bodies = []

    def handle(request):
        bodies.append(request.content)
        return httpx.Response(200, content=ANSWER)

    providers = {"anthropic": ProviderSettings(kind="anthropic", api_key="sk-1")}
    (instance,) = expand_instances(Settings(providers=providers))
    caching = PromptCachingSettings(enabled=enabled)
    provider = build_provider(instance, {}, lambda *_: httpx.MockTransport(handle), caching=caching)

    trio.run(provider.chat, WHOLE, "claude-x")

    assert bodies[0].count(b'"cache_control"') == count


ANSWER = json.dumps(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
)
