"""Errors in the dialect's words."""

from __future__ import annotations

from ....messages.errors import LegionError
from ..json_text import write_json


def render_error(error: LegionError) -> bytes:
    """Return the error as a JSON body. Never fails."""
    return write_json({"error": error.message.encode("utf-8", "replace").decode()})
