"""The request as it goes to a provider."""

from __future__ import annotations

import attrs

from .....messages.ids import new_id
from ...tools.selection import definitions, offered
from ..flow import Flow


def run(flow: Flow) -> None:
    """Number the exchange with the provider that begins now, and spare a model on this machine tools that it would drown in."""
    flow.exchange_id = new_id("exch_")
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
