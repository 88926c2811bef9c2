"""Envelopes: {"data": ...} for what went well, {"error": {"code", "message"}} for what did not."""

from __future__ import annotations

from typing import Any

from ....messages.error_table import error_row
from ....messages.errors import LegionError
from ..json_text import write_json

NAME = "native"


class NativeErrors:
    """The words in which every route below /api/llm says what went wrong."""

    name = NAME

    def render_error(self, error: LegionError) -> bytes:
        """Return the error as a JSON body. Never fails."""
        return write_json({"error": error_fields(error)})


def error_fields(error: LegionError) -> dict[str, Any]:
    """Return code and message; a host's text may hold lone surrogates, which JSON cannot say."""
    message = error.message.encode("utf-8", "replace").decode()
    return {"code": error_row(error).native, "message": message}


def enveloped(data: Any) -> bytes:
    """Return a JSON body that says that something went well."""
    return write_json({"data": data})
