"""Errors in the dialect's words."""

from __future__ import annotations

from typing import Any

from ....messages.error_table import error_row
from ....messages.errors import InvalidRequestError, LegionError
from ..json_text import write_json


def render_error(error: LegionError) -> bytes:
    """Return the error as a JSON body. Never fails."""
    return write_json(error_object(error))


def error_object(error: LegionError) -> dict[str, Any]:
    """Return the error as a value for JSON."""
    row = error_row(error)
    param = error.param if isinstance(error, InvalidRequestError) else None
    return {
        "error": {
            "message": _sendable(error.message),
            "type": row.openai_type,
            "param": None if param is None else _sendable(param),
            "code": row.openai_code,
        }
    }


def _sendable(text: str) -> str:
    """A host's text may hold lone surrogates, which JSON cannot say; an error must come out whatever it is about."""
    return text.encode("utf-8", "replace").decode()
