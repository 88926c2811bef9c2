"""Turns what an actor says about itself into plain data that is safe to show."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

# A snapshot is for people; what is longer than this is cut.
_LONGEST_TEXT = 500
_MOST_ITEMS = 1000
_DEEPEST = 12


def plain(value: Any, depth: int = 0) -> Any:
    """Return `value` as nested dicts, lists, strings, numbers, booleans and None.

    Whatever is of another type is replaced by its type's name: a secret, an exception or a request can not slip into a snapshot by accident.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "..."
    if depth >= _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in list(value.items())[:_MOST_ITEMS]}
    if isinstance(value, (list, tuple, AbstractSet)):
        return [plain(item, depth + 1) for item in list(value)[:_MOST_ITEMS]]
    return f"<{type(value).__name__}>"
