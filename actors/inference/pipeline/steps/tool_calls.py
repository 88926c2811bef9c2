"""The tools that were run."""

from __future__ import annotations

from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether any were."""
    return bool(flow.calls)


def run(flow: Flow) -> None:
    """Tell the caller which tools were run for it, how they ended and how long they took."""
    flow.enrichments["tool:calls"] = tuple(flow.calls)
