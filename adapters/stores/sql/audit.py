"""The record in a SQL database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ....messages.audit import AuditEvent, AuditQuery
from ...audit.lines import COLUMNS, event_of_row, row_of
from .access import Access, Lane

_COLUMNS: Final = ", ".join(COLUMNS)
_INSERT: Final = f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - our own names


class SqlAudit:
    """Keeps every event.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Access) -> None:
        self._database = database

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Keep the events in one commit."""
        if events:
            await self._database.write((_INSERT, [row_of(event) for event in events]))

    async def aclose(self) -> None:
        """Nothing is held open for this sink alone."""

    async def events(self, query: AuditQuery) -> tuple[AuditEvent, ...]:
        """Return events in order of time and id."""
        conditions, values = _conditions(query)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        sql = f"SELECT {_COLUMNS} FROM audit {where} ORDER BY at, id LIMIT ?"  # noqa: S608 - likewise
        rows = await self._database.read(sql, [*values, query.limit], lane=Lane.REPORTS)
        return tuple(map(event_of_row, rows))


def _conditions(query: AuditQuery) -> tuple[list[str], list[Any]]:
    after = query.after
    possible: list[tuple[str, tuple[Any, ...]]] = [
        ("at >= ?", (query.span.since,)),
        ("at < ?", (query.span.until,)),
        ("request_id = ?", (query.request_id,)),
        ("conversation_id = ?", (query.conversation_id,)),
        ("caller = ?", (query.caller,)),
        ("outcome = ?", (None if query.outcome is None else str(query.outcome),)),
        ("(at, id) > (?, ?)", (None, None) if after is None else (after.at, after.id)),
    ]
    given = [(sql, values) for sql, values in possible if values[0] is not None]
    return [sql for sql, _ in given], [value for _, values in given for value in values]
