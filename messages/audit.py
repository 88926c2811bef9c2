"""Who asked for what, and how it ended: what is told when a request ends, and the event that is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import attrs

from .base import Message
from .caller import Profile
from .chat import Request, Response, Trace, new_id
from .embedding import EmbedRequest, EmbedResponse
from .ledger import Span
from .outcome import Outcome
from .terms import Level

_NO_DATA: Final[Mapping[str, Any]] = MappingProxyType({})

# What kind of thing happened.
Category: TypeAlias = Literal["internal", "audit", "provider", "enrichment", "tool", "knowledge", "quality"]

# (seconds since the request began, key, category, exchange_id, source, target, detail, duration_ms, data)
TimelineRow: TypeAlias = tuple[
    float, str, Category, str | None, str | None, str | None, str, float | None, Mapping[str, Any] | None
]


@attrs.frozen(kw_only=True)
class AuditEntry:
    """What a step decided about the request, for the record.

    Attributes:
        outcome: success, warning, or failure.
        detail: In words, without prompt text.
        at: Seconds since the request began.
        data: Numbers and short texts.
    """

    step: str
    outcome: str
    detail: str = ""
    at: float = 0.0
    data: Mapping[str, Any] = _NO_DATA


def _event_id() -> str:
    return new_id("aud_")


@attrs.frozen(kw_only=True)
class RequestFinished(Message[None]):
    """A request has ended; exactly one is told per request that an actor took in, however it ended.

    Attributes:
        request: As it was sent on, after whatever was masked in it.
        response: The answer, or None.
        error: Class name of what the caller got instead, or None.
        began_at: Unix seconds.
        seconds: How long it took.
        level: How secret it is, or None where nobody looked.
        answered_by: The step that had the answer without a provider, or None.
        decisions: What its steps decided.
        timeline: What happened.
        enrichments: What its steps found out.
        steps: (step, seconds) in the order in which they were taken.
        id: Of the event, unique for ever.
    """

    request: Request | EmbedRequest
    outcome: Outcome
    began_at: float
    seconds: float
    response: Response | EmbedResponse | None = None
    error: str | None = None
    profile: Profile = Profile.EXTERNAL
    level: Level | None = None
    trace: Trace | None = None
    answered_by: str | None = None
    decisions: tuple[AuditEntry, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    warnings: tuple[str, ...] = ()
    enrichments: Mapping[str, Any] = _NO_DATA
    steps: tuple[tuple[str, float], ...] = ()
    id: str = attrs.field(factory=_event_id)


@attrs.frozen(kw_only=True)
class AuditEvent:
    """What is kept of a request.

    Attributes:
        id: Unique for ever; an event that is written twice is kept once.
        at: Unix seconds at which the request ended.
        body: All of it, as plain data (text, numbers, lists, objects): what is written.
    """

    id: str
    at: float
    request_id: str
    outcome: Outcome
    conversation_id: str | None = None
    caller: str | None = None
    body: Mapping[str, Any] = _NO_DATA


@attrs.frozen(kw_only=True)
class AuditQuery:
    """Which events are wanted; None stands for any.

    Attributes:
        after: The last event of the page before, or None for the first page.
        limit: Events at most (1 to 1000).
    """

    span: Span = Span()
    request_id: str | None = None
    conversation_id: str | None = None
    caller: str | None = None
    outcome: Outcome | None = None
    after: AuditEvent | None = None
    limit: int = 1000


@attrs.frozen(kw_only=True)
class EventsWanted(Message[tuple[AuditEvent, ...]]):
    """The events that the store holds, oldest first, those told before included."""

    query: AuditQuery = AuditQuery()
