"""OpenAI's responses API, spoken both ways."""

from __future__ import annotations

from .dialect import OpenAIResponses
from .ids import PREVIOUS, STORE, ResponseId, item_place, previous, unknown_response
from .input_items import input_items
from .references import references, resolved
from .stream_rendering import ResponsesStreamRenderer

__all__ = [
    "PREVIOUS",
    "STORE",
    "OpenAIResponses",
    "ResponseId",
    "ResponsesStreamRenderer",
    "input_items",
    "item_place",
    "previous",
    "references",
    "resolved",
    "unknown_response",
]
