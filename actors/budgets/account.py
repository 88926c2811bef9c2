"""What one budget has spent and reserved for one of those whom it counts."""

from __future__ import annotations

import math
from datetime import tzinfo

import attrs

from ...messages.settings.budgets import Window
from .window import window_at


@attrs.frozen
class Amount:
    """Tokens and dollars that go together."""

    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.tokens + other.tokens, self.usd + other.usd)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.tokens - other.tokens, self.usd - other.usd)


NOTHING = Amount()


@attrs.define(kw_only=True)
class Account:
    """The sums of one window.

    Attributes:
        begins: Unix seconds at which the window began.
        ends: Unix seconds at which the next one begins.
        spent: What calls that ended in the window used.
        held: What running calls have reserved; it is no window's until they end.
        calls: Calls that have reserved something, or nothing of what is counted, and still run.
        told: The part of the budget up to which it was told that it is spent.
    """

    begins: float = math.inf
    ends: float = -math.inf
    spent: Amount = NOTHING
    held: Amount = NOTHING
    calls: int = 0
    told: float = 0.0

    def turn(self, kind: Window, zone: tzinfo, now: float) -> None:
        """Begin anew where the window has ended.

        A wall clock may be set back. Within the last window that changes nothing: what was spent stays spent, and the window ends when it would
        have. Farther back, the account goes with the clock and keeps its sums, for what they belong to nobody knows.
        """
        if self.begins <= now < self.ends or 2 * self.begins - self.ends <= now < self.begins:
            return
        was_reset = now >= self.ends
        self.begins, self.ends = window_at(kind, zone, now)
        if was_reset:
            self.spent, self.told = NOTHING, 0.0

    def hold(self, amount: Amount) -> None:
        """Reserve."""
        self.held += amount
        self.calls += 1

    def release(self, held: Amount, used: Amount) -> None:
        """Count what was used instead of what was reserved."""
        self.calls -= 1
        # Sums of floats that come and go leave crumbs; where nobody holds anything, nothing is held.
        self.held = self.held - held if self.calls else NOTHING
        self.spent += used
