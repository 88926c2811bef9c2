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
    suppressed = frozenset() if flow.advice is None else frozenset(flow.advice.suppress)
    chosen = offered(
        own, (*flow.services.workshop.tools.always, *flow.triggered, *flow.sticky, *_named(flow)), suppressed=suppressed
    )
    if not chosen:
        return
    flow.tools = {**flow.tools, **{tool.name: tool for tool in chosen}}
    flow.request = attrs.evolve(flow.request, tools=definitions(own, chosen))
    flow.timeline.add("tool:discovery", "tool", source="pipeline", data={"own": len(own), "offered": len(chosen)})


def _named(flow: Flow) -> list[Tool]:
    """Return the tools that the caller or the host's advice names; one of the caller's that does not exist is a warning."""
    terms = flow.request.terms
    named = () if terms is None else terms.named_tools
    advised = () if flow.advice is None else flow.advice.tools
    known = flow.services.workshop.tools.by_name
    for name in named:
        if name not in known:
            flow.warn(f"there is no tool {name!r} to offer")
    return [known[name] for name in (*advised, *named) if name in known]
