"""The ledger in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ....actors.metering.report import grouped
from ....messages.ledger import GroupBy, LedgerEntry, Span, UsageRow


class MemoryLedger:
    """Keeps the last rows.

    Args:
        capacity: Rows kept; one more, and the oldest goes.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._entries: dict[str, LedgerEntry] = {}

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep the rows."""
        for entry in entries:
            self._entries.setdefault(entry.id, entry)
        while len(self._entries) > self._capacity:
            del self._entries[next(iter(self._entries))]

    async def usage(self, span: Span, group_by: Sequence[GroupBy]) -> tuple[UsageRow, ...]:
        """Return the sums of every group."""
        return grouped(self._within(span), group_by)

    async def entries(self, span: Span, after: LedgerEntry | None, limit: int) -> tuple[LedgerEntry, ...]:
        """Return rows in order of time and id."""
        found = sorted(self._within(span), key=_place)
        return tuple(islice((entry for entry in found if after is None or _place(entry) > _place(after)), limit))

    def _within(self, span: Span) -> Iterator[LedgerEntry]:
        return (entry for entry in self._entries.values() if span.holds(entry.recorded_at))


def _place(entry: LedgerEntry) -> tuple[float, str]:
    return entry.recorded_at, entry.id
