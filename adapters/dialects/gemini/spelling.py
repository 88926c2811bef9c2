"""Names of fields: Google takes each as camelCase and as snake_case, and its own examples use both."""

from __future__ import annotations

import re
from typing import Final

from .. import fields

_SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def camelled(value: fields.JsonObject) -> fields.JsonObject:
    """Return an object with its own names, not those within, in camelCase; where a name comes in both forms, the first counts."""
    if not any("_" in key for key in value):
        return value
    renamed: dict[str, object] = {}
    for key, each in value.items():
        renamed.setdefault(_camel(key) if _SNAKE.fullmatch(key) else key, each)
    return renamed


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join([word.capitalize() for word in rest])
