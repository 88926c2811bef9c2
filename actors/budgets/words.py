"""What people are told of budgets: why a call is not paid, and what is nearly used up."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo
from typing import Literal

from ...messages.errors import BudgetExceeded, TargetTooDear
from ...messages.settings.budgets import BudgetSettings
from ...messages.settings.schedule import zone_of
from ...messages.target import Target
from .account import Account, Amount


def refused(budget: BudgetSettings, account: Account, wish: Amount, now: float) -> BudgetExceeded | None:
    """Return why a call that may use so much cannot be paid, or None if it can; what costs nothing always can."""
    used = account.spent + account.held
    if budget.usd is not None and 0 < wish.usd > budget.usd - used.usd:
        return _exceeded(budget, account, "usd", wish, now)
    if budget.tokens is not None and 0 < wish.tokens > budget.tokens - used.tokens:
        return _exceeded(budget, account, "tokens", wish, now)
    return None


def unpriced(budget: BudgetSettings, target: Target) -> TargetTooDear:
    """Return the refusal of a target whose price nobody knows, by a budget that counts dollars."""
    return TargetTooDear(
        f"nobody knows what {target} costs, and budget {budget.title!r} counts USD: state its price in the setting `pricing`",
        budget=budget.title,
        limit=budget.usd or 0.0,
    )


def nearly_spent(budget: BudgetSettings, account: Account, part: float) -> str:
    """Return what is told when a budget is spent up to some part."""
    return f"budget {budget.title!r}: {part:.0%} are spent ({_sums(budget, account)}); {_reset(budget, account)}"


def spent_part(budget: BudgetSettings, account: Account) -> float:
    """Return the part of a budget that is spent: 0 to 1, above where it was overdrawn."""
    usd = 0.0 if budget.usd is None else account.spent.usd / budget.usd
    tokens = 0.0 if budget.tokens is None else account.spent.tokens / budget.tokens
    return max(usd, tokens)


def _exceeded(
    budget: BudgetSettings, account: Account, unit: Literal["usd", "tokens"], wish: Amount, now: float
) -> BudgetExceeded:
    limit = (budget.usd if unit == "usd" else budget.tokens) or 0.0
    spent, held, asked = (getattr(each, unit) for each in (account.spent, account.held, wish))
    show = _usd if unit == "usd" else _tokens
    resets = account.ends < math.inf
    # Only where budgets for some targets are asked may another target be worth a try; there the error is of that type.
    kind = TargetTooDear if unit == "usd" or budget.providers is not None else BudgetExceeded
    return kind(
        f"budget {budget.title!r}: of {show(limit)} {show(spent)} are spent and {show(held)} reserved by running calls, and this one may use"
        f" {show(asked)}; {_reset(budget, account)}",
        budget=budget.title,
        unit=unit,
        limit=limit,
        used=spent + held,
        resets_at=account.ends if resets else None,
        retry_after=max(1.0, account.ends - now) if resets else None,
    )


def _sums(budget: BudgetSettings, account: Account) -> str:
    parts = [] if budget.usd is None else [f"{_usd(account.spent.usd)} of {_usd(budget.usd)}"]
    parts += [] if budget.tokens is None else [f"{_tokens(account.spent.tokens)} of {_tokens(budget.tokens)}"]
    return ", ".join(parts)


def _usd(amount: float) -> str:
    return f"{amount:.6g} USD"


def _tokens(amount: float) -> str:
    return f"{amount:,.0f} tokens"


def _reset(budget: BudgetSettings, account: Account) -> str:
    if account.ends == math.inf:
        return "it never begins anew"
    zone: tzinfo = zone_of(budget.timezone)
    return f"it begins anew at {datetime.fromtimestamp(account.ends, zone).isoformat(timespec='minutes')}"
