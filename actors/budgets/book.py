"""All accounts of all budgets: whether a call may be paid, and what it used in the end. Knows no actor and reads no clock."""

from __future__ import annotations

import collections
import heapq
import math
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final, TypeAlias

import attrs

from ...messages.budget import BudgetState, Reserve, Spent
from ...messages.chat import Usage
from ...messages.ledger import GroupBy, Span, UsageRow, UsageWanted
from ...messages.prices import Price
from ...messages.settings.budgets import BudgetSettings, Per
from ...messages.settings.schedule import zone_of
from .account import NOTHING, Account, Amount
from .words import nearly_spent, refused, spent_part, unpriced

# Callers may make up names of conversations without end: past so many accounts, those that rest the longest are forgotten.
_MOST_ACCOUNTS: Final = 100_000

# Whose calls are added up, in the words of the ledger; who called whom is needed to know which of them count.
_GROUPS: Final[dict[Per, tuple[GroupBy, ...]]] = {
    "all": ("caller", "instance"),
    "caller": ("caller", "instance"),
    "conversation": ("caller", "instance", "conversation"),
}

# The number of a budget, and whose calls are added up.
Key: TypeAlias = tuple[int, str | None]


@attrs.frozen
class Held:
    """What one call has reserved, by account.

    Attributes:
        price: Of its target, or None where nobody knows it.
    """

    amounts: tuple[tuple[Key, Amount], ...]
    price: Price | None


class Book:
    """The accounts. It outlives the actor that keeps it, so that a crash forgets no reservation and no sum.

    Args:
        budgets: The budgets of the settings.
        most: Accounts at most.

    Attributes:
        budgets: As given.
        counts_usd: Whether any of them counts dollars.
    """

    def __init__(self, budgets: Iterable[BudgetSettings], most: int = _MOST_ACCOUNTS) -> None:
        self.budgets = tuple(budgets)
        self.counts_usd = any(each.usd is not None for each in self.budgets)
        self._zones: tuple[tzinfo, ...] = tuple(zone_of(each.timezone) for each in self.budgets)
        self._accounts: collections.OrderedDict[Key, Account] = collections.OrderedDict()
        self._held: dict[str, Held] = {}
        self._most = most
        self._opened_at: float | None = None
        self._unread = set(range(len(self.budgets)))

    @property
    def running(self) -> int:
        """Calls that have reserved something."""
        return len(self._held)

    # -- one call

    def reserve(self, wish: Reserve, price: Price | None, now: float) -> tuple[str, ...]:
        """Reserve for a call in all budgets that count it, or in none; return what its caller should know.

        Args:
            wish: What it may use.
            price: Of its target; None where nobody knows it, or no budget counts dollars.
            now: Unix seconds.

        Raises:
            BudgetExceeded: One has not so much left.
        """
        amounts: list[tuple[Key, Amount]] = []
        warnings: list[str] = []
        for number, budget in enumerate(self.budgets):
            if not budget.covers(wish.caller, wish.target.instance):
                continue
            whose = wish.caller if budget.per == "caller" else wish.conversation_id
            if budget.per == "conversation" and whose is None:
                continue
            key = (number, None if budget.per == "all" else whose)
            account = self._account(key, now)
            if budget.usd is not None and price is None:
                raise unpriced(budget, wish.target)
            amount = _estimate(budget, wish, price)
            error = refused(budget, account, amount, now)
            if error is not None:
                raise error
            amounts.append((key, amount))
            warnings += _warnings(budget, account)
        for key, amount in amounts:
            self._accounts[key].hold(amount)
        self._held[wish.id] = Held(tuple(amounts), price)
        return tuple(warnings)

    def settle(self, message: Spent, now: float) -> tuple[str, ...]:
        """Count what a call used instead of what it had reserved, and return what people should hear of; nothing if it had reserved nothing."""
        held = self._held.pop(message.id, None)
        if held is None:
            return ()
        used = NOTHING if message.usage is None else _used(message.usage, held.price)
        lines: list[str] = []
        for key, amount in held.amounts:
            account = self._account(key, now)
            account.release(amount, amount if message.is_unknown else used)
            lines += self._news(self.budgets[key[0]], account)
        return tuple(lines)

    def _news(self, budget: BudgetSettings, account: Account) -> Iterator[str]:
        """Yield what is worth a line, once in a window; conversations come and go, and only their own callers hear of those."""
        part = spent_part(budget, account)
        passed = max((each for each in budget.warn_at if each <= part), default=0.0)
        if passed > account.told:
            account.told = passed
            if budget.per != "conversation":
                yield nearly_spent(budget, account, part)

    def _account(self, key: Key, now: float) -> Account:
        """Return the account, with the window that holds this moment, as the one that rested the least."""
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = Account()
            self._forget_some()
        else:
            self._accounts.move_to_end(key)
        number = key[0]
        account.turn(self.budgets[number].window, self._zones[number], now)
        return account

    def _forget_some(self) -> None:
        """Forget an account that rests, where there are too many; those that are in use are bounded by the calls that run."""
        if len(self._accounts) <= self._most:
            return
        newest = next(reversed(self._accounts))
        for key, account in self._accounts.items():
            if account.calls == 0 and key != newest:
                del self._accounts[key]
                return

    # -- the ledger

    def opened(self, now: float) -> None:
        """Count from this moment on, the first time it is called: what ended before stands in the ledger."""
        if self._opened_at is None:
            self._opened_at = now

    def unread(self, now: float) -> tuple[tuple[int, UsageWanted], ...]:
        """Return what the ledger must still be asked, by the number of the budget: what was spent in this window before the start."""
        wanted = []
        for number in sorted(self._unread):
            budget = self.budgets[number]
            begins = self._window_begin(number, now)
            span = Span(since=begins, until=self._opened_at)
            wanted.append((number, UsageWanted(span=span, group_by=_GROUPS[budget.per])))
        return tuple(wanted)

    def read(self, number: int, asked: UsageWanted, rows: Iterable[UsageRow], now: float) -> None:
        """Add what the ledger said to a budget's accounts, once, unless its window has ended meanwhile."""
        if number not in self._unread:
            return
        self._unread.remove(number)
        if asked.span.since != self._window_begin(number, now):
            return
        budget = self.budgets[number]
        for row in rows:
            caller, instance, *rest = row.group
            whose = caller if budget.per == "caller" else rest[0] if rest else None
            if budget.covers(caller, instance or "") and (budget.per != "conversation" or whose is not None):
                account = self._account((number, whose), now)
                account.spent += Amount(row.input_tokens + row.output_tokens, row.cost_usd)

    def _window_begin(self, number: int, now: float) -> float | None:
        account = Account()
        account.turn(self.budgets[number].window, self._zones[number], now)
        return account.begins if account.begins > -math.inf else None

    # -- to be looked at

    def states(self, limit: int, now: float) -> tuple[BudgetState, ...]:
        """Return how much is left, the fullest first; a budget that counts all together is always among them."""
        for number, budget in enumerate(self.budgets):
            if budget.per == "all":
                self._account((number, None), now)
        states = [self._state(key, account, now) for key, account in self._accounts.items()]
        return tuple(heapq.nlargest(limit, states, key=lambda state: state.part))

    def _state(self, key: Key, account: Account, now: float) -> BudgetState:
        number, whose = key
        budget = self.budgets[number]
        account.turn(budget.window, self._zones[number], now)
        return BudgetState(
            name=budget.title,
            whose=whose,
            begins_at=account.begins if account.begins > -math.inf else None,
            resets_at=account.ends if account.ends < math.inf else None,
            usd=budget.usd,
            used_usd=account.spent.usd,
            reserved_usd=account.held.usd,
            tokens=budget.tokens,
            used_tokens=account.spent.tokens,
            reserved_tokens=account.held.tokens,
            is_known=number not in self._unread,
        )


def _estimate(budget: BudgetSettings, wish: Reserve, price: Price | None) -> Amount:
    answer = budget.answer_tokens if wish.output_tokens is None else wish.output_tokens
    usd = 0.0 if price is None else price.estimate(wish.input_tokens, answer)
    return Amount(wish.input_tokens + answer, usd)


def _used(usage: Usage, price: Price | None) -> Amount:
    """Return what an answer used; its cost as the ledger finds it."""
    if usage.cost_usd is not None:
        return Amount(usage.total_tokens, usage.cost_usd)
    return Amount(usage.total_tokens, 0.0 if price is None else price.cost(usage))


def _warnings(budget: BudgetSettings, account: Account) -> Iterator[str]:
    part = spent_part(budget, account)
    if budget.warn_at and part >= min(budget.warn_at):
        yield nearly_spent(budget, account, part)
