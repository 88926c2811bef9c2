"""Tools that an earlier turn has called for."""

from __future__ import annotations

from ....conversations.tool_memory import TOOLS, memory_of
from ..flow import Flow, Services
from ..spoken import is_users_turn


def offered(services: Services) -> bool:
    """Whether tools stay at hand."""
    return services.tool_sticky.enabled and services.conversations is not None


def wanted(flow: Flow) -> bool:
    """Whether the conversation remembers tools, and the caller wants any."""
    past = flow.past
    return (
        past is not None
        and past.conversation is not None
        and TOOLS in past.conversation.state
        and flow.request.tools != ()
    )


def run(flow: Flow) -> None:
    """Keep the tools at hand that an earlier turn's words called for, or that were used, for some turns and runs more."""
    assert flow.past is not None
    assert flow.past.conversation is not None
    memory = memory_of(flow.past.conversation.state)
    groups = memory.staying(memory.turn + is_users_turn(flow))
    by_group = flow.services.workshop.tools.by_group
    tools = (tool for group in groups for tool in by_group.get(group, ()))
    flow.sticky = tuple(tool for tool in tools if tool.is_deferred and tool not in flow.triggered)
    if flow.sticky:
        names = ", ".join(tool.name for tool in flow.sticky)
        flow.timeline.add("tool:sticky", "tool", source="conversations", detail=names)
