"""The port through which metering reaches what outlives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...messages.chat import Usage
from ...messages.ledger import GroupBy, LedgerEntry, Span, UsageRow


class LedgerStore(Protocol):
    """Keeps the rows of the ledger."""

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep the rows, all or none; returns when they are durable. A row whose id is there already is left as it is.

        Raises:
            StoreError: They were not kept, or nobody knows; they may be given again.
        """

    async def usage(self, span: Span, group_by: Sequence[GroupBy]) -> tuple[UsageRow, ...]:
        """Return the sums of every group, in any order.

        Raises:
            StoreError: They cannot be read now.
        """

    async def entries(self, span: Span, after: LedgerEntry | None, limit: int) -> tuple[LedgerEntry, ...]:
        """Return rows in order of time and id, those behind `after` where it is given.

        Raises:
            StoreError: They cannot be read now.
        """


class Prices(Protocol):
    """Knows what tokens cost."""

    def cost(self, instance: str, model: str, usage: Usage) -> float | None:
        """Return US dollars, or None where the price is not known. Callable from any thread."""
