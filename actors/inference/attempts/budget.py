"""How many repeats a provider instance may get, of all requests together: a token bucket, and who is failing in a row."""

from __future__ import annotations

import math

from ....messages.settings import RetryBudgetSettings


class RetryBudget:
    """The budget of one instance. All requests see the same one: it lives on their event loop, and is never held across a wait.

    Each call to the instance earns a share of a repeat, and time earns some more; what is not used is saved up to a limit. Waits may draw on what
    time will earn, so that repeats after a common failure come one after the other.

    Attributes:
        streak: Attempts that have failed since the last success.
    """

    __slots__ = ("_calls", "_limits", "_settled_at", "_tokens", "streak")

    def __init__(self, limits: RetryBudgetSettings, now: float) -> None:
        self._limits = limits
        self._tokens = limits.saved
        self._settled_at = now
        self._calls = 0
        self.streak = 0

    def called(self) -> None:
        """Note a call that is no repeat. This is all that an attempt costs as long as nothing fails."""
        self._calls += 1

    def delay(self, now: float) -> float:
        """Return the seconds until a repeat may be made: 0 for at once, infinity for never."""
        self._settle(now)
        if self._tokens >= 1:
            return 0.0
        rate = self._limits.per_second
        return (1 - self._tokens) / rate if rate > 0 else math.inf

    def take(self, now: float) -> None:
        """Take a repeat, or one that time is still to earn."""
        self._settle(now)
        self._tokens -= 1

    def _settle(self, now: float) -> None:
        earned = self._calls * self._limits.share + (now - self._settled_at) * self._limits.per_second
        self._tokens = min(self._limits.saved, self._tokens + earned)
        self._calls, self._settled_at = 0, now


class RetryBudgets:
    """The budgets of all instances, made as they are met."""

    def __init__(self, limits: RetryBudgetSettings) -> None:
        self._limits = limits
        self._budgets: dict[str, RetryBudget] = {}

    def of(self, instance: str, now: float) -> RetryBudget:
        """Return the budget of an instance."""
        budget = self._budgets.get(instance)
        if budget is None:
            budget = self._budgets[instance] = RetryBudget(self._limits, now)
        return budget
