"""Errors in the dialect's words."""

from __future__ import annotations

from typing import Any

from ....messages.error_table import error_row
from ....messages.errors import LegionError
from ..json_text import write_json


def render_error(error: LegionError) -> bytes:
    """Return the error as a JSON body. Never fails."""
    return write_json(error_object(error))


def error_object(error: LegionError) -> dict[str, Any]:
    """Return the error as a value for JSON."""
    # A host's text may hold lone surrogates, which JSON cannot say.
    message = error.message.encode("utf-8", "replace").decode()
    return {"type": "error", "error": {"type": error_row(error).anthropic, "message": message}}
