"""What is remembered of earlier runs of tools."""

from __future__ import annotations

from typing import Final

from ....conversations.tool_memory import memory_of
from ...tools.history import told
from ..additions import add
from ..flow import Flow
from .sticky_runners import offered as offered  # noqa: PLC0414 - both live by the same memory
from .sticky_runners import wanted as wanted  # noqa: PLC0414 - as above

_NAME: Final = "earlier_tool_calls"


def run(flow: Flow) -> None:
    """Tell the model of earlier runs of tools in the conversation, in a line each, as far as it does not see the calls themselves."""
    assert flow.past is not None
    assert flow.past.conversation is not None
    seen = {call.id for message in flow.request.messages for call in message.tool_calls}
    history = memory_of(flow.past.conversation.state).history
    unseen = [(turn, run) for turn, run in history if run.call_id not in seen]
    if unseen and add(flow, _NAME, told(unseen)):
        flow.enrichments["tool:call_history"] = len(unseen)
        flow.timeline.add("tool:history_inject", "tool", source="conversations", data={"runs": len(unseen)})
