"""Where a host's call stands in the host's own trace."""

from __future__ import annotations

from ...messages.chat import Trace
from ...messages.tracing import inherited


def current_trace() -> Trace | None:
    """Return a place below the span that is open where this is called, or None without one."""
    from opentelemetry import trace  # noqa: PLC0415 - an extra

    spot = trace.get_current_span().get_span_context()
    if not spot.is_valid:
        return None
    return inherited(f"00-{spot.trace_id:032x}-{spot.span_id:016x}-{int(spot.trace_flags):02x}")
