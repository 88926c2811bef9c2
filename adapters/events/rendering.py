"""What is told outside, and under which name: from rows of the ledger and of the record to events."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Final

import orjson

from ...actors.courier.port import Event
from ...messages.audit import AuditEvent
from ...messages.ledger import LedgerEntry
from ..audit.lines import json_of
from ..codec import to_json

METERING: Final = "llm.metering"
AUDIT: Final = "llm.audit"
ESCALATION: Final = "llm.escalation"
EXCHANGES: Final = (METERING, AUDIT, ESCALATION)

SCHEMA_VERSION: Final = "1.0.0"

# From request types to the words in routing keys.
_ESCALATED: Final = "llm.escalation.completed"


def metering_event(entry: LedgerEntry) -> Event:
    """Return what is told of an attempt."""
    headers = _headers(
        provider=entry.instance,
        model=entry.model,
        tier=entry.tier,
        request_type=entry.request_type,
        request_id=entry.request_id,
        conversation_id=entry.conversation_id,
        identity=entry.caller,
        caller_type=entry.caller_type,
    )
    context = {"conversation_id": entry.conversation_id, "request_id": entry.request_id}
    return Event(
        id=f"meter_{entry.id}",
        exchange=METERING,
        key=f"metering.{entry.request_type}",
        body=_with_context(to_json(entry), context),
        headers=headers,
        at=entry.recorded_at,
    )


def audit_events(event: AuditEvent) -> list[Event]:
    """Return what is told of a request: the record of it, and of an escalation where there was one."""
    body = event.body
    routing = body.get("routing") or {}
    kind = str(body.get("request_type", "chat"))
    caller = body.get("caller") or {}
    headers = _headers(
        provider=routing.get("provider"),
        model=routing.get("model"),
        tier=routing.get("tier"),
        request_type=kind,
        request_id=event.request_id,
        conversation_id=event.conversation_id,
        identity=event.caller,
        caller_type=caller.get("type"),
        classification=body.get("classification"),
    )
    context = {"conversation_id": event.conversation_id, "request_id": event.request_id}
    told = [
        Event(
            id=f"audit_prompt_{event.id}",
            exchange=AUDIT,
            key=f"audit.prompt.{kind}",
            body=_with_context(json_of(event), context),
            headers=headers,
            at=event.at,
        )
    ]
    if routing.get("attempts", 1) > 1:
        told.append(_escalation(event, routing, headers, context))
    return told


def _escalation(
    event: AuditEvent, routing: Mapping[str, Any], headers: Mapping[str, str], context: Mapping[str, Any]
) -> Event:
    said = {
        "request_id": event.request_id,
        "outcome": str(event.outcome),
        "attempts": routing.get("attempts"),
        "chain": list(routing.get("chain") or ()),
        "final": f"{routing.get('provider')}/{routing.get('model')}",
        "message_context": context,
    }
    return Event(
        id=f"esc_{event.id}",
        exchange=ESCALATION,
        key=_ESCALATED,
        body=orjson.dumps(said).decode(),
        headers=headers,
        at=event.at,
    )


def _headers(**known: str | None) -> dict[str, str]:
    """Return the headers of a message, always texts; what is not known has none."""
    names = {
        "provider": "x-legion-llm-provider",
        "model": "x-legion-llm-model",
        "tier": "x-legion-llm-tier",
        "request_type": "x-legion-llm-request-type",
        "request_id": "x-legion-llm-request-id",
        "conversation_id": "x-legion-llm-conversation-id",
        "identity": "x-legion-identity",
        "caller_type": "x-legion-caller-type",
        "classification": "x-legion-llm-classification",
    }
    told = {names[name]: str(value) for name, value in known.items() if value is not None}
    return {**told, "x-legion-hostname": socket.gethostname(), "x-legion-llm-schema-version": SCHEMA_VERSION}


def _with_context(body: bytes, context: Mapping[str, Any]) -> str:
    """Return an object with the ids that tie it to its conversation."""
    return (body[:-1] + b',"message_context":' + orjson.dumps(context) + b"}").decode()
