"""The ids by which a request is found again."""

from __future__ import annotations

from .....messages.tracing import new_trace
from ..flow import Flow


def run(flow: Flow) -> None:
    """Give the request its place in its caller's trace, or a trace of its own."""
    trace = flow.trace = flow.request.trace or new_trace()
    flow.timeline.add("tracing:init", source="pipeline", detail=trace.trace_id)
