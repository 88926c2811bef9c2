from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.tools.selection import definitions, offered, triggered
from legion_llm.actors.inference.tools.toolset import Toolset
from legion_llm.messages.chat import ChatMessage, ToolDefinition
from legion_llm.messages.tools import Tool


def tool(name, *words, **fields):
    return Tool(
        definition=ToolDefinition(name=name, source="host"), triggers=words, is_deferred=bool(words), key=name, **fields
    )


WEATHER, RADAR, MAIL, CLOCK = (
    tool("weather", "weather", "rain"),
    tool("radar", "rain"),
    tool("mail", "mail"),
    tool("clock"),
)
TOOLS = Toolset([WEATHER, RADAR, MAIL, CLOCK])


def user(text):
    return ChatMessage(content=text)


def called_for(*messages, depth=10, limit=25):
    return [found.name for found in triggered(TOOLS, messages, depth=depth, limit=limit)]


def test_the_users_words_call_for_tools_whatever_their_case():
    assert called_for(user("Will it RAIN?")) == ["radar", "weather"]


def test_only_the_users_words_do():
    assert called_for(ChatMessage(role="assistant", content="rain"), user("hm")) == []


def test_only_the_last_messages_are_looked_at():
    old = [user("rain"), *(user("hm") for _ in range(3))]

    assert called_for(*old, depth=3) == []
    assert called_for(*old, depth=4) == ["radar", "weather"]


def test_parts_of_words_call_for_nothing():
    assert called_for(user("a brainy trainer")) == []


def test_what_a_harness_adds_is_no_word_of_the_users():
    assert called_for(user("hello <system-reminder>mail about rain</system-reminder> there")) == []
    assert called_for(user("hello <system-reminder>never closed, rain")) == []
    assert called_for(user("<system-reminder>x</system-reminder>rain")) == ["radar", "weather"]


def test_of_too_many_those_with_the_most_words_are_taken_then_by_name():
    assert called_for(user("rain rain mail weather"), limit=2) == ["weather", "mail"]
    assert called_for(user("rain"), limit=0) == []


def test_tools_that_are_always_at_hand_need_no_word():
    assert [each.name for each in TOOLS.always] == ["clock"]


def test_a_client_s_tool_goes_before_ours_of_the_same_name():
    assert offered([ToolDefinition(name="mail")], [MAIL, CLOCK]) == (CLOCK,)


def test_each_name_is_offered_once_and_suppressed_ones_never():
    assert offered([], [MAIL, CLOCK, MAIL], suppressed=frozenset({"clock"})) == (MAIL,)


def test_the_clients_tools_keep_their_order_and_ours_follow_by_name():
    own = [ToolDefinition(name="z"), ToolDefinition(name="a")]

    assert [each.name for each in definitions(own, [WEATHER, CLOCK])] == ["z", "a", "clock", "weather"]


@given(st.permutations([WEATHER, RADAR, MAIL, CLOCK]))
def test_the_same_tools_are_the_same_text_whatever_their_order(tools):
    assert definitions([], tools) == definitions([], [CLOCK, MAIL, RADAR, WEATHER])


@pytest.mark.parametrize("text", ["", "   ", "🙂", "a" * 100_000])
def test_any_text_may_be_looked_at(text):
    assert called_for(user(text)) == []
