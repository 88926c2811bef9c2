"""Makes the actor that decides which calls may still be paid, and what asks it."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.budgets.actor import Budgets
from ...actors.budgets.book import Book
from ...actors.connection.purse import Purse
from ...messages.settings import Settings, all_budgets
from ...runtime import ActorSystem
from ..host.desk import Desk
from .plan import Plan


def budgets_factory(plan: Plan, system: ActorSystem, desk: Desk) -> Callable[[], Budgets]:
    """Return what makes the actor; its incarnations share the accounts."""
    book = Book(all_budgets(plan.settings.budgets, plan.settings.api.keys))
    return lambda: Budgets(book, plan.prices, system.address("metering"), desk.board)


def purse(settings: Settings, system: ActorSystem) -> Purse | None:
    """Return what pays the calls of a connection; None where no budget is set."""
    stated = all_budgets(settings.budgets, settings.api.keys)
    if not stated:
        return None

    def covers(caller: str | None, instance: str) -> bool:
        return any(budget.covers(caller, instance) for budget in stated)

    return Purse(system.address("budgets"), covers)
