"""Tools of earlier turns stay at hand, and their runs are told where the model does not see them."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.conversations.tool_memory import TOOLS, after_turn
from legion_llm.actors.inference.pipeline.steps import (
    sticky_persist,
    sticky_runners,
    tool_discovery,
    tool_history_inject,
)
from legion_llm.actors.inference.tools.toolset import Toolset
from legion_llm.messages.chat import ChatMessage
from legion_llm.messages.content import ToolUseBlock
from legion_llm.messages.conversation import Context, Conversation, StoredMessage
from legion_llm.messages.definitions import ToolDefinition
from legion_llm.messages.settings import ToolStickySettings
from legion_llm.messages.tool_memory import ToolRun, ToolsUsed
from legion_llm.messages.tools import Tool, ToolOutcome


def tool(name, group, *, deferred=True):
    return Tool(definition=ToolDefinition(name=name), group=group, is_deferred=deferred)


READ, SEND, LOOK, ALWAYS = (
    tool("read", "mail"),
    tool("send", "mail"),
    tool("look", "web"),
    tool("say", "mail", deferred=False),
)
RUN = ToolRun(call_id="call_1", tool="read", group="mail", arguments={}, result="3 letters", is_deferred=True)


def past_of(state, *said):
    history = tuple(
        StoredMessage(message=message, seq=seq, id=f"m{seq}", created_at=0.0) for seq, message in enumerate(said, 1)
    )
    return Context(history=history, conversation=Conversation(id="c", created_at=0.0, updated_at=0.0, state=state))


@pytest.fixture
def flow(flow_of, services):
    """A request of a conversation that has used the group "mail" in its turn before."""
    made = flow_of(conversation_id="c")
    made.services = attrs.evolve(services, conversations=object())
    made.services.workshop.tools = Toolset([READ, SEND, LOOK, ALWAYS])
    made.new_messages = 1
    used = ToolsUsed(triggered=("mail",), runs=(RUN,))
    made.past = past_of({TOOLS: after_turn({}, used, ToolStickySettings())})
    return made


def test_the_steps_are_for_systems_that_remember_and_conversations_that_have_used_tools(flow, flow_of, services):
    off = attrs.evolve(flow.services, tool_sticky=ToolStickySettings(enabled=False))

    assert sticky_runners.offered(flow.services)
    assert not sticky_runners.offered(services)
    assert not sticky_runners.offered(off)
    assert sticky_runners.wanted(flow)
    assert not sticky_runners.wanted(flow_of())


def test_the_deferred_tools_of_a_group_stay_at_hand(flow):
    sticky_runners.run(flow)
    tool_discovery.run(flow)

    assert flow.sticky == (READ, SEND)
    assert sorted(flow.tools) == ["read", "say", "send"]


def test_a_caller_that_refuses_tools_is_offered_none(flow):
    flow.request = attrs.evolve(flow.request, tools=())

    assert not sticky_runners.wanted(flow)


def test_what_words_call_for_again_is_not_there_twice(flow):
    flow.triggered = (READ,)

    sticky_runners.run(flow)

    assert flow.sticky == (SEND,)


def test_runs_are_told_that_the_model_does_not_see(flow):
    tool_history_inject.run(flow)

    (addition,) = flow.additions
    assert addition.text == "<earlier_tool_calls>\nTurn 1: read() → 3 letters\n</earlier_tool_calls>\n\n"
    assert flow.enrichments["tool:call_history"] == 1


def test_runs_that_the_model_sees_are_not_told_again(flow):
    call = ChatMessage(role="assistant", content=(ToolUseBlock(id="call_1", name="read"),))
    flow.request = attrs.evolve(flow.request, messages=(call, *flow.request.messages))

    tool_history_inject.run(flow)

    assert flow.additions == []
    assert flow.enrichments == {}


def test_a_turn_is_noted_that_used_tools_or_whose_conversation_did(flow, flow_of):
    plain = flow_of(conversation_id="c")
    plain.new_messages = 1
    plain.past = past_of({})

    assert sticky_persist.wanted(flow)
    assert not sticky_persist.wanted(plain)
    plain.triggered = (READ,)
    assert sticky_persist.wanted(plain)


def test_a_turn_that_is_not_kept_is_not_noted(flow):
    flow.new_messages = None

    assert not sticky_persist.wanted(flow)


def test_groups_and_runs_are_noted_for_the_conversation(flow):
    flow.past = past_of({}, ChatMessage(content="one"), ChatMessage(role="assistant", content="1"))
    flow.triggered = (READ, SEND)
    flow.tools = {"read": READ}
    flow.ran = [(ToolUseBlock(id="call_2", name="read"), ToolOutcome(content="no letters"))]
    flow.said = flow.request.messages

    sticky_persist.run(flow)

    used = flow.used_tools
    assert used.triggered == ("mail",)
    assert [(run.tool, run.result) for run in used.runs] == [("read", "no letters")]
    assert (used.turns_before, used.is_new_turn) == (1, True)
