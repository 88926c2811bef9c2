"""A line of the log for every request that has ended: ids and numbers, never what was said."""

from __future__ import annotations

import logging
from typing import Any, Final

from ...messages.audit import RequestFinished

LOGGER: Final = logging.getLogger("legion_llm.requests")


def log_request(finished: RequestFinished) -> None:
    """Log it, level INFO, with its fields as attributes of the record too; costs next to nothing where nobody listens."""
    if not LOGGER.isEnabledFor(logging.INFO):
        return
    fields = fields_of(finished)
    LOGGER.info(
        "request %(request_id)s ended with %(outcome)s after %(duration_ms).0f ms (%(target)s)", fields, extra=fields
    )


def fields_of(finished: RequestFinished) -> dict[str, Any]:
    """Return what is logged of a request."""
    request, response = finished.request, finished.response
    routing = None if response is None else response.routing
    usage = None if response is None else response.usage
    return {
        "request_id": request.id,
        "trace_id": None if finished.trace is None else finished.trace.trace_id,
        "caller": request.caller.identity,
        "outcome": str(finished.outcome),
        "error": finished.error,
        "duration_ms": round(finished.seconds * 1000, 3),
        "target": None if routing is None else f"{routing.provider}/{routing.model}",
        "attempts": None if routing is None else getattr(routing, "attempts", None),
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
    }
