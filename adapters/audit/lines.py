"""An event as a line of JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson

from ...messages.audit import AuditEvent


def json_of(event: AuditEvent) -> bytes:
    """Return an event as JSON, without an end of line; whatever JSON cannot say is said as well as it can."""
    try:
        return orjson.dumps(event.body)
    except (TypeError, ValueError):
        # Lone surrogates, or numbers beyond 64 bits: rare, and no reason to lose the event.
        text = json.dumps(event.body, ensure_ascii=True, default=lambda value: f"<{type(value).__name__}>")
        return text.encode()


def event_of_json(text: str) -> dict[str, Any]:
    """Return the body of an event that was kept."""
    body: dict[str, Any] = json.loads(text)
    return body
