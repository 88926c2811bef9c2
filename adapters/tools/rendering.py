"""What a tool returned, as a model is shown it."""

from __future__ import annotations

from typing import Any, Final

import attrs
import orjson

from ...messages.content import DocumentBlock, ImageBlock, TextBlock
from ...messages.tools import ToolContent, ToolOutcome

_BLOCKS: Final = (TextBlock, ImageBlock, DocumentBlock)


def outcome_of(value: Any) -> ToolOutcome:
    """Return the outcome for a value: text as it is, blocks as they are, anything else as JSON."""
    return value if isinstance(value, ToolOutcome) else ToolOutcome(content=_content(value))


def _content(value: Any) -> ToolContent:
    if isinstance(value, str):
        return value
    if isinstance(value, _BLOCKS):
        return (value,)
    if isinstance(value, (list, tuple)) and value and all(isinstance(each, _BLOCKS) for each in value):
        return tuple(value)
    if value is None:
        return "done"
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()


def _plain(value: Any) -> Any:
    """Return something JSON has a word for, in the place of something it has none for."""
    if attrs.has(type(value)):
        return attrs.asdict(value, recurse=False)
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError("bytes are no answer of a tool: return text, or an ImageBlock or a DocumentBlock")
    return str(value)
