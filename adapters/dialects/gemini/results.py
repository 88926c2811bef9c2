"""What a tool answered: an object with Google ("output", "error", or any), text with everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.content import ToolResultBlock, text_of
from ....messages.errors import InvalidRequestError
from ..json_text import write_json

_OUTPUT: Final = "output"
_ERROR: Final = "error"

# Keys under which an answer stands alone, as Google's own clients and many programs write it.
_ALONE: Final = (_OUTPUT, "result", _ERROR)


def said(response: Mapping[str, Any]) -> str:
    """Return the answer as text: the only value under a usual key, else the whole object as JSON."""
    if len(response) == 1:
        [(key, value)] = response.items()
        if key in _ALONE:
            return value if isinstance(value, str) else write_json(value, InvalidRequestError).decode()
    return write_json(response, InvalidRequestError).decode() if response else ""


def is_error(response: Mapping[str, Any]) -> bool:
    """Return whether the object says that the tool failed."""
    return response.get(_ERROR) is not None and response.get(_OUTPUT) is None


def response_of(block: ToolResultBlock, *, is_own: bool) -> Mapping[str, Any]:
    """Return the object for Google; the one that came from a client of it, if the text is still what it said."""
    text = text_of(block.content)
    original = block.extra.get("response") if is_own else None
    if isinstance(original, Mapping) and said(original) == text and is_error(original) == block.is_error:
        return original
    return {_ERROR if block.is_error else _OUTPUT: text}
