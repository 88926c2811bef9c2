"""What was said to a model, as the items that clients list: each with an id."""

from __future__ import annotations

from typing import Any, Final

from ....messages.chat import ChatMessage, Request
from ..rendering import Rendering
from .item_rendering import render_input
from .words import NAME

_PREFIXES: Final = {"reasoning": "rs_", "function_call": "fc_", "function_call_output": "fco_"}
_TEXT_TYPES: Final = {"assistant": "output_text"}


def input_items(message: ChatMessage, own: str) -> list[dict[str, Any]]:
    """Return the items of one message; `own` are hex digits that no other message has."""
    rendering = Rendering.of(Request(messages=(message,), dialect=NAME), NAME)
    items = render_input(Request(messages=(message,)), rendering, None)
    return [_listed(item, f"{own}{number:02x}") for number, item in enumerate(items)]


def _listed(item: dict[str, Any], own: str) -> dict[str, Any]:
    kind = item.get("type", "message")
    listed = {"type": kind, "status": "completed", **item, "id": f"{_PREFIXES.get(kind, 'msg_')}{own}"}
    content = listed.get("content")
    if kind == "message" and isinstance(content, str):
        text = _TEXT_TYPES.get(str(item.get("role")), "input_text")
        more: dict[str, Any] = {"annotations": []} if text == "output_text" else {}
        listed["content"] = [{"type": text, "text": content, **more}]
    return listed
