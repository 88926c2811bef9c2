"""Tools that a word calls for."""

from __future__ import annotations

from ...tools.selection import triggered
from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether there are tools that words call for, and the caller wants any."""
    return bool(flow.services.workshop.tools.by_word) and flow.request.tools != ()


def run(flow: Flow) -> None:
    """Look in the user's last words for those that call for tools which are not always at hand."""
    triggers = flow.services.tool_triggers
    flow.triggered = triggered(
        flow.services.workshop.tools, flow.request.messages, depth=triggers.scan_depth, limit=triggers.tool_limit
    )
    if flow.triggered:
        names = ", ".join(tool.name for tool in flow.triggered)
        flow.timeline.add("tool:trigger_match", "tool", source="pipeline", detail=names)
