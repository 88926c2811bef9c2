"""What is said about budgets: what a call may use, what it used, how much is left."""

from __future__ import annotations

import attrs

from .base import Message
from .chat import Usage
from .target import Target


@attrs.frozen(kw_only=True)
class Reserve(Message[tuple[str, ...]]):
    """Reserve what a call may use; the answer is what its caller should know: budgets that are nearly used up.

    Whoever asks must tell `Spent` afterwards, however the call, or the asking itself, has ended.

    Attributes:
        id: Of the reservation, unique for ever.
        caller: Identity of who asks, or None where nobody is known.
        input_tokens: About how many the prompt has.
        output_tokens: How many the answer may have, or None where nothing limits it.

    Raises:
        BudgetExceeded: A budget has not so much left; nothing was reserved.
    """

    id: str
    target: Target
    caller: str | None = None
    conversation_id: str | None = None
    input_tokens: int = 0
    output_tokens: int | None = None


@attrs.frozen(kw_only=True)
class Spent(Message[None]):
    """A call that may have reserved something has ended.

    Attributes:
        id: Of the reservation.
        usage: What it used, as far as the provider has told; None: nothing.
        is_unknown: Whether the provider was called and nobody knows what that used: then the estimate counts.
    """

    id: str
    usage: Usage | None = None
    is_unknown: bool = False


@attrs.frozen(kw_only=True)
class BudgetState:
    """How much of a budget is left.

    Attributes:
        name: Of the budget.
        whose: The caller or the conversation whose calls are added up; None for all together, and for calls of nobody known.
        begins_at: Unix seconds at which the window began, or None: it has no beginning.
        resets_at: Unix seconds at which it ends, or None: never.
        usd: Dollars that may be spent, or None.
        used_usd: Dollars that were.
        reserved_usd: Dollars that running calls may still spend.
        tokens: Tokens that may be used, or None.
        used_tokens: Tokens that were.
        reserved_tokens: Tokens that running calls may still use.
        is_known: Whether what was spent before this start has been read from the ledger.
    """

    name: str
    whose: str | None = None
    begins_at: float | None = None
    resets_at: float | None = None
    usd: float | None = None
    used_usd: float = 0.0
    reserved_usd: float = 0.0
    tokens: int | None = None
    used_tokens: int = 0
    reserved_tokens: int = 0
    is_known: bool = True

    @property
    def part(self) -> float:
        """The part of it that is used, reservations included: 0 to 1, above where it was overdrawn."""
        usd = 0.0 if self.usd is None else (self.used_usd + self.reserved_usd) / self.usd
        tokens = 0.0 if self.tokens is None else (self.used_tokens + self.reserved_tokens) / self.tokens
        return max(usd, tokens)


@attrs.frozen(kw_only=True)
class BudgetsWanted(Message[tuple[BudgetState, ...]]):
    """How much is left? The fullest first.

    Attributes:
        limit: States at most (1 to 10000).
    """

    limit: int = 1000
