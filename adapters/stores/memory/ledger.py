"""The ledger in memory: rows of plain values, over which the garbage collector need not walk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final

import attrs

from ....actors.metering.report import grouped
from ....messages.chat import Usage
from ....messages.ledger import GroupBy, LedgerEntry, Span, UsageRow

_TOKENS: Final = tuple(field.name for field in attrs.fields(Usage))
_PLAIN: Final = tuple(field.name for field in attrs.fields(LedgerEntry) if field.name != "usage")
_packed: Final = attrgetter(*_PLAIN, *(f"usage.{name}" for name in _TOKENS))
_MOMENT: Final = _PLAIN.index("recorded_at")


class MemoryLedger:
    """Keeps the last rows.

    Args:
        capacity: Rows kept; one more, and the oldest goes.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._rows: dict[str, tuple[Any, ...]] = {}

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep the rows."""
        for entry in entries:
            self._rows.setdefault(entry.id, _packed(entry))
        while len(self._rows) > self._capacity:
            del self._rows[next(iter(self._rows))]

    async def usage(self, span: Span, group_by: Sequence[GroupBy]) -> tuple[UsageRow, ...]:
        """Return the sums of every group."""
        return grouped(self._within(span), group_by)

    async def entries(self, span: Span, after: LedgerEntry | None, limit: int) -> tuple[LedgerEntry, ...]:
        """Return rows in order of time and id."""
        found = sorted(self._within(span), key=_place)
        return tuple(islice((entry for entry in found if after is None or _place(entry) > _place(after)), limit))

    def _within(self, span: Span) -> Iterator[LedgerEntry]:
        return (_unpacked(row) for row in self._rows.values() if span.holds(row[_MOMENT]))


def _unpacked(row: tuple[Any, ...]) -> LedgerEntry:
    plain, tokens = row[: len(_PLAIN)], row[len(_PLAIN) :]
    usage = Usage(**dict(zip(_TOKENS, tokens, strict=True)))
    return LedgerEntry(**dict(zip(_PLAIN, plain, strict=True)), usage=usage)


def _place(entry: LedgerEntry) -> tuple[float, str]:
    return entry.recorded_at, entry.id
