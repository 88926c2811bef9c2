"""The record in memory: rows of plain values, over which the garbage collector need not walk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from ....messages.audit import AuditEvent, AuditQuery
from ...audit.lines import event_of_row, row_of


class MemoryAudit:
    """Keeps the last events.

    Args:
        capacity: Events kept; one more, and the oldest goes.
    """

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._rows: dict[str, tuple[Any, ...]] = {}

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Keep the events."""
        for event in events:
            self._rows.setdefault(event.id, row_of(event))
        while len(self._rows) > self._capacity:
            del self._rows[next(iter(self._rows))]

    async def aclose(self) -> None:
        """Nothing is held open for this sink alone."""

    async def events(self, query: AuditQuery) -> tuple[AuditEvent, ...]:
        """Return events in order of time and id."""
        after = query.after
        found = sorted((event for event in map(event_of_row, self._rows.values()) if _fits(event, query)), key=_place)
        return tuple(islice((each for each in found if after is None or _place(each) > _place(after)), query.limit))


def _fits(event: AuditEvent, query: AuditQuery) -> bool:
    wanted = (
        (query.request_id, event.request_id),
        (query.conversation_id, event.conversation_id),
        (query.caller, event.caller),
        (query.outcome, event.outcome),
    )
    return query.span.holds(event.at) and all(want is None or want == has for want, has in wanted)


def _place(event: AuditEvent) -> tuple[float, str]:
    return event.at, event.id
