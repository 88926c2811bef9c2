"""Decides which calls may still be paid."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import attrs
import trio

from ...messages.base import Message
from ...messages.budget import BudgetState, BudgetsWanted, Reserve, Spent
from ...messages.errors import LegionError
from ...messages.ledger import UsageReport, UsageWanted
from ...messages.prices import PriceBook, PricesChanged
from ...runtime import Actor, Address
from ..announcer import Announcer
from .book import Book

logger = logging.getLogger(__name__)

# Seconds for which a start waits for the ledger; and after which one that did not answer is asked again.
_PATIENCE: Final = 1.0
_AGAIN: Final = 1.0

# States in a snapshot.
_SHOWN: Final = 50


@attrs.frozen(kw_only=True)
class LedgerRead(Message[None]):
    """The ledger has said what was spent before the start (told by budgets to itself)."""

    number: int
    asked: UsageWanted
    report: UsageReport


Command: TypeAlias = Reserve | Spent | BudgetsWanted | LedgerRead | PricesChanged


class Budgets(Actor[Command]):
    """Keeps the accounts of all budgets.

    Takes Reserve and Spent from the connections, BudgetsWanted from the host. Asks the ledger once what was spent before the start; until it has
    answered, nothing counts as spent.
    """

    def __init__(self, book: Book, prices: PriceBook, ledger: Address, announcer: Announcer) -> None:
        super().__init__()
        self._book = book
        self._prices = prices
        self._ledger = ledger
        self._announcer = announcer

    async def on_start(self) -> None:
        """Learn what was spent; a ledger that does not answer at once delays nobody's start for long, and is asked again."""
        self._book.opened(self.clock.time())
        with trio.move_on_after(_PATIENCE), contextlib.suppress(LegionError):
            for read in await self._read_all():
                self.on_ledger_read(read)
        if self._book.unread(self.clock.time()):
            logger.warning("what was spent of the budgets is not known yet: the ledger does not answer")
            self.spawn(self._read_until_known)

    def on_reserve(self, message: Reserve) -> tuple[str, ...]:
        """Reserve what a call may use."""
        target, price = message.target, None
        if (
            self._book.counts_usd
        ):  # else nobody needs to wait for the price list, which a young gateway is still reading
            price = self._prices.price_of(target.instance, target.model)
        return self._book.reserve(message, price, self.clock.time())

    def on_spent(self, message: Spent) -> None:
        """Count what a call used."""
        lines = self._book.settle(message, self.clock.time())
        if lines:
            self._tell(lines)

    def on_prices_changed(self, message: PricesChanged) -> None:
        """Reserve by these from the next call on."""
        self._prices = message.prices

    def on_ledger_read(self, message: LedgerRead) -> None:
        """Count what was spent before the start."""
        self._book.read(message.number, message.asked, message.report.rows, self.clock.time())

    def on_budgets_wanted(self, message: BudgetsWanted) -> tuple[BudgetState, ...]:
        """Return how much is left."""
        return self._book.states(message.limit, self.clock.time())

    def snapshot(self) -> dict[str, Any]:
        """Return the calls that have reserved something, and the fullest accounts."""
        states = self._book.states(_SHOWN, self.clock.time())
        return {"running": self._book.running, "budgets": [attrs.asdict(state) for state in states]}

    def _tell(self, lines: Sequence[str]) -> None:
        for line in lines:
            logger.warning("%s", line)
        self._announcer.announce(lines)

    async def _read_all(self) -> list[LedgerRead]:
        reads = []
        for number, asked in self._book.unread(self.clock.time()):
            reads.append(LedgerRead(number=number, asked=asked, report=await self._ledger.ask(asked)))
        return reads

    async def _read_until_known(self) -> None:
        """Ask until the ledger has answered; what it says comes as a message, for this task must not touch the accounts."""
        while True:
            try:
                reads = await self._read_all()
            except LegionError as error:
                logger.debug("the ledger cannot be read for the budgets: %s", error)
                await trio.sleep(_AGAIN)
                continue
            for read in reads:
                self.tell_later(0.0, read)
            return
