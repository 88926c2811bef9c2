"""W3C trace context: the ids that tie a request to the trace it belongs to, as they stand in a `traceparent` header."""

from __future__ import annotations

import re
from typing import Final

from .chat import Trace
from .ids import random_hex

# A later version than 00 may append fields, which are passed over (W3C trace context, 3.2.2 and 4).
_PARENT: Final = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_FIRST_VERSION: Final = "00"
_SAMPLED: Final = 1


def new_trace() -> Trace:
    """Return the trace of a request that belongs to none yet."""
    ids = random_hex(48)
    return Trace(trace_id=ids[:32], span_id=ids[32:])


def inherited(traceparent: str, *, correlation_id: str | None = None) -> Trace | None:
    """Return where a request stands whose caller sent this header: the same trace, a span of its own.

    None where the header is not well-formed: then, as the standard wants it, the request begins a trace of its own.
    """
    match = _PARENT.fullmatch(traceparent.strip())
    if match is None:
        return None
    version, trace_id, parent_id, flags, more = match.groups()
    if more is not None and version == _FIRST_VERSION:
        return None
    return Trace(
        trace_id=trace_id,
        span_id=random_hex(16),
        parent_id=parent_id,
        correlation_id=correlation_id,
        sampled=bool(int(flags, 16) & _SAMPLED),
    )


def traceparent_of(trace: Trace) -> str:
    """Return the header that makes this request the parent of what it causes."""
    return f"00-{trace.trace_id}-{trace.span_id}-{'01' if trace.sampled else '00'}"
