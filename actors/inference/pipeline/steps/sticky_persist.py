"""What the conversation remembers of the tools that this turn used."""

from __future__ import annotations

from .....messages.tool_memory import ToolsUsed
from ....conversations.tool_memory import TOOLS
from ...tools.history import runs_of
from ..flow import Flow
from .sticky_runners import offered as offered  # noqa: PLC0414 - both live by the same memory


def wanted(flow: Flow) -> bool:
    """Whether the turn is kept, and used tools, or an earlier one did."""
    if flow.new_messages is None:
        return False
    if flow.ran or flow.triggered:
        return True
    past = flow.past
    return past is not None and past.conversation is not None and TOOLS in past.conversation.state


def run(flow: Flow) -> None:
    """Note which groups of tools were called for and what was run: it is kept with the turn, in one change of the conversation."""
    past = () if flow.past is None else flow.past.history
    flow.used_tools = ToolsUsed(
        triggered=tuple(dict.fromkeys(tool.group for tool in flow.triggered)),
        runs=runs_of(flow.ran, flow.tools, flow.services.tool_sticky),
        turns_before=sum(1 for stored in past if stored.message.role == "user"),
        is_new_turn=any(message.role == "user" for message in flow.said),
    )
