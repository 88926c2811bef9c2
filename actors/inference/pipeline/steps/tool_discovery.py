"""The tools that the model is offered."""

from __future__ import annotations

import attrs

from .....messages.tools import Tool
from ...tools.selection import definitions, offered
from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether there are tools of ours, and the caller wants any."""
    return bool(flow.services.workshop.tools) and flow.request.tools != ()


def run(flow: Flow) -> None:
    """Offer the client's tools, then ours: those always at hand, those that words or earlier turns call for, and those that the caller names."""
    own = flow.request.tools or ()
    chosen = offered(own, (*flow.services.workshop.tools.always, *flow.triggered, *flow.sticky, *_named(flow)))
    if not chosen:
        return
    flow.tools = {**flow.tools, **{tool.name: tool for tool in chosen}}
    flow.request = attrs.evolve(flow.request, tools=definitions(own, chosen))
    flow.timeline.add("tool:discovery", "tool", source="pipeline", data={"own": len(own), "offered": len(chosen)})


def _named(flow: Flow) -> list[Tool]:
    """Return the tools that the caller names; one that does not exist is a warning."""
    terms = flow.request.terms
    if terms is None or not terms.named_tools:
        return []
    known = flow.services.workshop.tools.by_name
    for name in terms.named_tools:
        if name not in known:
            flow.warn(f"there is no tool {name!r} to offer")
    return [known[name] for name in terms.named_tools if name in known]
