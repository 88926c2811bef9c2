"""How much of anything is read from outside."""

from __future__ import annotations

from typing import Final

MAX_EVENT_BYTES: Final = 8 * 1024 * 1024
"""Most bytes of one event or line of a stream."""

MAX_JSON_DEPTH: Final = 200
"""Deepest nesting that is read; orjson writes 254 levels at most, and what is read is wrapped before it is written again."""
