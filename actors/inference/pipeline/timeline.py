"""What happened to a request, in order: written by its steps, read by inspection and audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from ....messages.audit import Category, TimelineRow

# A tool loop of 200 rounds writes some four events a round; what comes after these is counted, not kept.
MOST_EVENTS: Final = 1000

_NO_DATA: Final[Mapping[str, Any]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Event:
    """One thing that happened. It holds no prompt text.

    Attributes:
        seq: Counted from 1 within the request.
        at: Seconds since the request began.
        key: What happened ("routing:provider_selection").
        category: Which kind of thing that is.
        exchange_id: The exchange with a provider, or the run of a tool, that it belongs to; None for the request's own.
        source: Who did it ("pipeline"), or None.
        target: To whom ("openai/gpt-4o"), or None.
        detail: In words.
        duration_ms: How long it took, or None.
        data: Numbers and short texts.
    """

    seq: int
    at: float
    key: str
    category: Category
    exchange_id: str | None = None
    source: str | None = None
    target: str | None = None
    detail: str = ""
    duration_ms: float | None = None
    data: Mapping[str, Any] = _NO_DATA


class Timeline:
    """The events of one request. Owned by the request's task; readers get frozen copies.

    Attributes:
        dropped: Events beyond the bound.
    """

    __slots__ = ("_now", "_rows", "_started", "dropped")

    def __init__(self, now: Callable[[], float], started: float) -> None:
        self._now = now
        self._started = started
        # Rows, not events: most timelines are never read, and making an event costs ten times as much.
        self._rows: list[TimelineRow] = []
        self.dropped = 0

    def add(
        self,
        key: str,
        category: Category = "internal",
        *,
        exchange_id: str | None = None,
        source: str | None = None,
        target: str | None = None,
        detail: str = "",
        duration_ms: float | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write down that something happened just now."""
        if len(self._rows) >= MOST_EVENTS:
            self.dropped += 1
            return
        at = self._now() - self._started
        self._rows.append((at, key, category, exchange_id, source, target, detail, duration_ms, data))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> tuple[TimelineRow, ...]:
        """What happened so far, as it was written down: for who sorts it out elsewhere."""
        return tuple(self._rows)

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened so far."""
        return events_of(self._rows)


def events_of(rows: Iterable[TimelineRow]) -> tuple[Event, ...]:
    """Return what was written down, as others may have it."""
    return tuple(
        Event(
            seq=seq,
            at=at,
            key=key,
            category=category,
            exchange_id=exchange_id,
            source=source,
            target=target,
            detail=detail,
            duration_ms=duration_ms,
            data=MappingProxyType(dict(data)) if data else _NO_DATA,
        )
        for seq, (at, key, category, exchange_id, source, target, detail, duration_ms, data) in enumerate(rows, 1)
    )


def participants_of(rows: Iterable[TimelineRow]) -> tuple[str, ...]:
    """Return who took part, in the order in which they were first seen."""
    return tuple(dict.fromkeys(name for row in rows for name in (row[4], row[5]) if name is not None))
