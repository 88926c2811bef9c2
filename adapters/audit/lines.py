"""An event as a line of JSON, and as a row with that line in it."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from ...messages.audit import AuditEvent
from ...messages.outcome import Outcome

COLUMNS: Final = ("id", "at", "request_id", "conversation_id", "caller", "outcome", "body")


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


def row_of(event: AuditEvent) -> tuple[Any, ...]:
    """Return an event as a store keeps it: plain values under `COLUMNS`, the body as JSON text."""
    return (
        event.id,
        event.at,
        event.request_id,
        event.conversation_id,
        event.caller,
        str(event.outcome),
        json_of(event).decode(),
    )


def event_of_row(row: tuple[Any, ...]) -> AuditEvent:
    """Return the event that was kept as a row."""
    event_id, at, request_id, conversation_id, caller, outcome, body = row
    return AuditEvent(
        id=event_id,
        at=at,
        request_id=request_id,
        conversation_id=conversation_id,
        caller=caller,
        outcome=Outcome(outcome),
        body=event_of_json(body),
    )
