"""Between the ledger and the record on one side and the spool on the other: what is kept here is told outside, too."""

from __future__ import annotations

from collections.abc import Sequence

from ...actors.courier.port import Spool
from ...actors.metering.port import LedgerStore
from ...messages.audit import AuditEvent
from ...messages.ledger import GroupBy, LedgerEntry, Span, UsageRow
from .rendering import audit_events, metering_event


class ToldLedger:
    """Implements `actors.metering.port.LedgerStore`: every row that is kept is told. A batch that comes again is kept and told once."""

    def __init__(self, ledger: LedgerStore, spool: Spool) -> None:
        self._ledger = ledger
        self._spool = spool

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep the rows, and have them told; see the port."""
        await self._ledger.append(entries)
        await self._spool.append([metering_event(entry) for entry in entries])

    async def usage(self, span: Span, group_by: Sequence[GroupBy]) -> tuple[UsageRow, ...]:
        """Return the sums of every group; see the port."""
        return await self._ledger.usage(span, group_by)

    async def entries(self, span: Span, after: LedgerEntry | None, limit: int) -> tuple[LedgerEntry, ...]:
        """Return rows; see the port."""
        return await self._ledger.entries(span, after, limit)


class TellingSink:
    """Implements `actors.audit.port.AuditSink`: what is recorded of a request is told."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Have the events told; see the port."""
        await self._spool.append([told for event in events for told in audit_events(event)])

    async def aclose(self) -> None:
        """Do nothing: the spool is the courier's."""
