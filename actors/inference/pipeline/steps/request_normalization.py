"""The request as it goes to a provider."""

from __future__ import annotations

import attrs

from .....messages.ids import new_id
from ....conversations.compress import compress_request
from ...tools.selection import definitions, offered
from ..additions import remember_said
from ..flow import Flow


def run(flow: Flow) -> None:
    """Number the exchange with the provider, shorten the prompt where that is allowed, and spare a model on this machine too many tools."""
    flow.exchange_id = new_id("exch_")
    _shorten(flow)
    limit = flow.services.tool_triggers.local_tool_limit
    if limit is not None and len(flow.tools) > limit and _is_local(flow):
        _spare(flow, limit)


def _is_local(flow: Flow) -> bool:
    return flow.resolution is not None and flow.resolution.candidates[0].tier == "local"


def _spare(flow: Flow, limit: int) -> None:
    """Keep so many of our tools: the host's own for this request, then those that were called for."""
    request = flow.request
    given = {tool.name: tool for tool in request.host_tools}
    called_for = {tool.name: tool for tool in (*flow.triggered, *flow.sticky) if tool.name in flow.tools}
    ordered = {**given, **called_for, **flow.tools}
    kept = dict(list(ordered.items())[: max(limit, len(given))])
    own = tuple(tool for tool in request.tools or () if tool.name not in flow.tools or tool.name in given)
    added = offered(own, (tool for tool in kept.values() if tool.name not in given))
    flow.warn(f"{len(flow.tools) - len(kept)} tools were not offered to a model on this machine")
    flow.tools = kept
    flow.request = attrs.evolve(request, tools=definitions(own, added))


def _shorten(flow: Flow) -> None:
    """Shorten the prompt as far as the caller or the rule allows it."""
    if flow.new_messages is not None:
        remember_said(flow)
    level = _level(flow)
    if level:
        flow.request = compress_request(flow.request, level)
        flow.timeline.add("prompt:compressed", source="pipeline", data={"level": level})


def _level(flow: Flow) -> int:
    """What the caller says counts; then what the rule says that chose the first target."""
    if flow.request.compress_level is not None:
        return flow.request.compress_level
    resolution = flow.resolution
    return 0 if resolution is None else resolution.candidates[0].compress_level or 0
