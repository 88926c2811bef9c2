"""What parts of the system keep with a conversation, as it is after a turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...messages.conversation import Append
from ...messages.settings import ToolStickySettings
from .tool_memory import TOOLS, after_turn


def state_after(state: Mapping[str, Any], message: Append, sticky: ToolStickySettings) -> Mapping[str, Any]:
    """Return the state of a conversation after messages were added to it."""
    if message.tools is None and not message.state:
        return state
    changed = {**state, **message.state}
    if message.tools is not None:
        changed[TOOLS] = after_turn(state, message.tools, sticky)
    return {name: value for name, value in changed.items() if value is not None}
