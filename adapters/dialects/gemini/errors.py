"""Errors in the dialect's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from ....messages.error_table import error_row
from ....messages.errors import InvalidRequestError, LegionError
from ..json_text import write_json

# Google's canonical codes, by HTTP status.
_CODES: Final[Mapping[int, str]] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_RETRY_INFO: Final = "type.googleapis.com/google.rpc.RetryInfo"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"


def render_error(error: LegionError) -> bytes:
    """Return the error as a JSON body. Never fails."""
    return write_json(error_object(error))


def error_object(error: LegionError) -> dict[str, Any]:
    """Return the error as a value for JSON; how long to wait and which field is wrong stand in the details."""
    status = error_row(error).status
    body = {"code": status, "message": _sendable(error.message), "status": _CODES.get(status, "UNKNOWN")}
    details = _details(error)
    return {"error": {**body, "details": details} if details else body}


def _details(error: LegionError) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = []
    if error.retry_after is not None and math.isfinite(error.retry_after):
        details.append({"@type": _RETRY_INFO, "retryDelay": f"{max(0.0, error.retry_after):g}s"})
    if isinstance(error, InvalidRequestError) and error.param:
        violation = {"field": _sendable(error.param), "description": _sendable(error.message)}
        details.append({"@type": _BAD_REQUEST, "fieldViolations": [violation]})
    return details


def _sendable(text: str) -> str:
    """A host's text may hold lone surrogates, which JSON cannot say; an error must come out whatever it is about."""
    return text.encode("utf-8", "replace").decode()
