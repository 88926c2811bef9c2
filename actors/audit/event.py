"""From a request that has ended to the event that is kept of it. What was said is left out unless it is asked for."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any, Final, Protocol

import attrs

from ...messages.audit import AuditEntry, AuditEvent, RequestFinished, TimelineRow
from ...messages.chat import Request, Response, Trace, Usage
from ...messages.embedding import EmbedRequest, EmbedResponse
from .redaction import Redactor
from .said import Quotation

# What of a timeline is for the record; the rest is for whoever looks for lost milliseconds.
_CATEGORIES: Final = frozenset({"audit", "provider", "tool", "quality"})
_MOST_EVENTS: Final = 100
_MOST_TOOLS: Final = 100
_ATOMS: Final = (str, int, float)


class Prices(Protocol):
    """Knows what tokens cost."""

    def cost(self, instance: str, model: str, usage: Usage) -> float | None:
        """Return US dollars, or None where the price is not known. Callable from any thread."""


@attrs.frozen(kw_only=True)
class Scribe:
    """Writes events.

    Attributes:
        redactor: Masks secrets.
        quotation: How much of what was said is written down; None: nothing.
        prices: What models cost; None: nobody knows.
    """

    redactor: Redactor
    quotation: Quotation | None = None
    prices: Prices | None = None

    def event_of(self, finished: RequestFinished) -> AuditEvent:
        """Return the event of a request."""
        request = finished.request
        at = finished.began_at + finished.seconds
        conversation = request.conversation_id if isinstance(request, Request) else None
        body = {
            "id": finished.id,
            "at": dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds"),
            "request_type": "embedding" if isinstance(request, EmbedRequest) else "chat",
            "request_id": request.id,
            "conversation_id": conversation,
            "caller": _plain(request.caller),
            "profile": str(finished.profile),
            "outcome": str(finished.outcome),
            "error": finished.error,
            "answered_by": finished.answered_by,
            "duration_ms": round(finished.seconds * 1000, 3),
            "asked": _asked(request),
            **self._answered(finished),
            "classification": None if finished.level is None else str(finished.level),
            "trace": None if finished.trace is None else _trace(finished.trace),
            "decisions": [self._decision(entry) for entry in finished.decisions],
            "timeline": self._timeline(finished.timeline),
            "enrichments": self._enrichments(finished.enrichments),
            "warnings": [self.redactor.text(warning) for warning in finished.warnings],
            **self._said(finished),
        }
        return AuditEvent(
            id=finished.id,
            at=at,
            request_id=request.id,
            outcome=finished.outcome,
            conversation_id=conversation,
            caller=request.caller.identity,
            body=body,
        )

    def _answered(self, finished: RequestFinished) -> dict[str, Any]:
        response = finished.response
        if response is None:
            return {"routing": None, "tokens": None, "cost": None}
        routing = response.routing
        calls = response.tool_calls if isinstance(response, Response) else ()
        return {
            "routing": None if routing is None else _plain(routing),
            "tokens": _tokens(response.usage),
            "cost": self._cost(response),
            "stop_reason": str(response.stop_reason) if isinstance(response, Response) else None,
            "tools_used": [call.name for call in calls[:_MOST_TOOLS]],
        }

    def _cost(self, response: Response | EmbedResponse) -> dict[str, Any]:
        """What the answer cost, without the attempts that failed before it; the ledger has them all."""
        usage, routing = response.usage, response.routing
        if usage.cost_usd is not None:
            return {"usd": usage.cost_usd, "source": "reported"}
        known = None
        if self.prices is not None and routing is not None:
            known = self.prices.cost(routing.provider, routing.model, usage)
        return {"usd": known, "source": "unknown" if known is None else "priced"}

    def _decision(self, entry: AuditEntry) -> dict[str, Any]:
        return {
            "step": entry.step,
            "outcome": entry.outcome,
            "detail": self.redactor.text(entry.detail),
            "at_ms": round(entry.at * 1000, 3),
            "data": self.redactor.plain(dict(entry.data)),
        }

    def _timeline(self, rows: tuple[TimelineRow, ...]) -> list[dict[str, Any]]:
        told = [row for row in rows if row[2] in _CATEGORIES]
        return [self._row(row) for row in told[:_MOST_EVENTS]]

    def _row(self, row: TimelineRow) -> dict[str, Any]:
        at, key, category, exchange_id, source, target, detail, duration_ms, data = row
        values = {
            "at_ms": round(at * 1000, 3),
            "key": key,
            "category": category,
            "exchange_id": exchange_id,
            "source": source,
            "target": target,
            "detail": self.redactor.text(detail),
            "duration_ms": duration_ms,
            "data": self.redactor.plain(dict(data)) if data else None,
        }
        return {name: value for name, value in values.items() if value is not None and value != ""}

    def _enrichments(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """What steps found out may quote what was said: numbers are kept, the rest only where quoting is allowed, of a list its last item."""
        quotes = self.quotation is not None
        return {key: self._enrichment(value, quotes=quotes) for key, value in found.items()}

    def _enrichment(self, value: Any, *, quotes: bool) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if not quotes:
            return f"<{type(value).__name__}>"
        return self.redactor.plain(value[-1] if isinstance(value, (list, tuple)) and value else value)

    def _said(self, finished: RequestFinished) -> dict[str, Any]:
        quotation, request, response = self.quotation, finished.request, finished.response
        if quotation is None:
            return {}
        if isinstance(request, EmbedRequest):
            texts = [each for each in request.inputs if isinstance(each, str)]
            return {"prompt": {"inputs": quotation.texts(texts)}, "answer": None}
        return {
            "prompt": quotation.prompt(request),
            "answer": quotation.answer(response) if isinstance(response, Response) else None,
        }


def _asked(request: Request | EmbedRequest) -> dict[str, Any]:
    if isinstance(request, EmbedRequest):
        return {
            "model": request.model,
            "provider": request.provider,
            "dialect": request.dialect,
            "inputs": len(request.inputs),
        }
    tools = request.tools
    return {
        "model": request.model,
        "provider": request.provider,
        "tier": request.tier,
        "dialect": request.dialect,
        "stream": request.stream,
        "messages": len(request.messages),
        "tools": None if tools is None else [tool.name for tool in tools[:_MOST_TOOLS]],
    }


def _tokens(usage: Usage) -> dict[str, Any]:
    read, written = usage.input_tokens, usage.output_tokens
    return {
        "input": read,
        "output": written,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "reasoning": usage.reasoning,
        "total": read + written,
        "source": usage.source,
    }


def _trace(trace: Trace) -> dict[str, Any]:
    return {
        "trace_id": trace.trace_id,
        "span_id": trace.span_id,
        "parent_id": trace.parent_id,
        "correlation_id": trace.correlation_id,
    }


def _plain(value: Any) -> dict[str, Any]:
    """Return the plain fields of an attrs value; `attrs.asdict`, for which every request would pay, takes ten times as long."""
    told: dict[str, Any] = {}
    kind: type[attrs.AttrsInstance] = type(value)
    for name in _names(kind):
        field = getattr(value, name)
        if isinstance(field, tuple):
            told[name] = [_item(item) for item in field] if field else field
        elif field is None or isinstance(field, _ATOMS):
            told[name] = field
    return told


def _item(item: Any) -> Any:
    return item if isinstance(item, _ATOMS) else _plain(item)


@functools.cache
def _names(kind: type[attrs.AttrsInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind))
