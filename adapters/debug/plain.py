"""Our own values as plain data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import attrs


def plain(value: Any) -> Any:
    """Return an attrs value, or a container of them, as dicts, lists, texts and numbers."""
    if isinstance(value, enum.Enum):
        return value.value
    if attrs.has(type(value)):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted((plain(entry) for entry in value), key=str)
    if isinstance(value, (tuple, list)):
        return [plain(entry) for entry in value]
    return value
