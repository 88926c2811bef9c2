"""Requests and tokens per minute of one provider instance: reserved before a call, settled after it, corrected by what the provider says is left.

The limits of the settings hold in any 60 seconds. What a provider's headers say makes them stricter for a while, never looser.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from ...messages.chat import Usage
from ...messages.errors import RefusedError, TargetUnavailable, UpstreamError
from ...messages.limits import Allowance, RateLimits
from ...messages.settings import LimitSettings
from .budget import Budget, Share

# Tokens of an answer, until answers have told; how much the latest then counts in the mean.
_FIRST_GUESS: Final = 256.0
_NEWEST: Final = 0.1

# Seconds after which what a head said of the rest of an allowance is out of date: a long stream is settled late.
_FRESH: Final = 5.0

# Seconds for which a model is left alone, at least, of which the provider has nothing left.
_SHORTEST: Final = 1.0


class Rates:
    """Counts the calls and tokens of one instance. All of it happens on one event loop.

    Args:
        instance: Its name.
        limits: What the settings allow.
    """

    def __init__(self, instance: str, limits: LimitSettings) -> None:
        self._instance = instance
        self._whole = Budget.of(limits)
        self._models = {name: budget for name, each in limits.per_model.items() if (budget := Budget.of(each))}
        self._held: dict[str, float] = {}  # models of which the provider has nothing left, and until when
        self._answers: dict[str, float] = {}  # mean tokens of an answer, by model

    def reserve(self, model: str, input_tokens: Callable[[], int], most_output: int | None, now: float) -> Reservation:
        """Return a reservation for one call, to be held by a `with` block around it.

        Args:
            model: Model that is called.
            input_tokens: Estimates those of the prompt; only called where tokens are counted.
            most_output: Tokens that the answer may have, or None.
            now: Monotonic moment.

        Raises:
            TargetUnavailable: The minute's requests or tokens are used up; `retry_after` says until when.
        """
        if self._held:
            self._check_held(model, now)
        budgets = self._budgets(model)
        if not budgets:
            return NOTHING
        counts_tokens = any(budget.tokens is not None for budget in budgets)
        tokens = input_tokens() + self._output(model, most_output) if counts_tokens else 0
        wait = max([budget.fits_at(tokens, now) for budget in budgets]) - now
        if wait > 0:
            raise self._used_up(model, "this minute's requests or tokens are used up", wait)
        return Reservation([(budget, budget.take(tokens, now)) for budget in budgets], self, model)

    def free_at(self, model: str, now: float) -> float:
        """Return the monotonic moment at which the usual call of the model will be let through, `now` if it would be already."""
        usual = math.ceil(self._answers.get(model, _FIRST_GUESS))
        return max([now, self._held.get(model, 0.0), *[budget.fits_at(usual, now) for budget in self._budgets(model)]])

    def corrected(self, model: str, said: RateLimits, now: float) -> None:
        """Heed what the provider says is left of its own limits."""
        if now - said.at > _FRESH:
            return
        for allowance, needed in ((said.requests, 1.0), (said.tokens, self._answers.get(model, _FIRST_GUESS))):
            if allowance is not None and allowance.remaining <= 0:
                self._held[model] = max(self._held.get(model, 0.0), now + _until_some(allowance, needed))
        for budget in self._budgets(model):
            budget.tighten(said, now)

    def learn(self, model: str, usage: Usage) -> None:
        """Learn from an answer how long answers of the model are."""
        mean = self._answers.get(model, _FIRST_GUESS)
        self._answers[model] = mean + (usage.output_tokens - mean) * _NEWEST

    def described(self) -> dict[str, Any]:
        """Return what is used of what is allowed, as plain data."""
        whole = {} if self._whole is None else {"": self._whole}
        return {name or "all models": budget.described() for name, budget in {**whole, **self._models}.items()}

    def _budgets(self, model: str) -> list[Budget]:
        own = self._models.get(model) if self._models else None
        return [budget for budget in (self._whole, own) if budget is not None]

    def _check_held(self, model: str, now: float) -> None:
        self._held = {name: until for name, until in self._held.items() if until > now}
        until = self._held.get(model)
        if until is not None:
            raise self._used_up(model, "nothing is left of the provider's limit", until - now)

    def _used_up(self, model: str, why: str, wait: float) -> TargetUnavailable:
        return TargetUnavailable(f"{self._instance}: {why} for {model}, wait {wait:.1f} s", retry_after=wait)

    def _output(self, model: str, most: int | None) -> int:
        expected = self._answers.get(model, _FIRST_GUESS)
        return math.ceil(expected if most is None else min(expected, most))


def _until_some(allowance: Allowance, needed: float) -> float:
    """Return seconds until so much flows back into an allowance that is empty; where nobody says how fast, all of it."""
    reset = _SHORTEST if allowance.reset_after is None else allowance.reset_after
    part = min(1.0, needed / allowance.limit) if allowance.limit else 1.0
    return max(_SHORTEST, reset * part)


class Reservation:
    """One call's share of the minute, which it keeps when it was sent. What was never sent gives it back, and what was refused its tokens."""

    __slots__ = ("_model", "_rates", "_shares")

    def __init__(self, shares: list[tuple[Budget, Share]], rates: Rates | None = None, model: str = "") -> None:
        self._shares = shares
        self._rates = rates
        self._model = model

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, RefusedError):
            for budget, share in self._shares:
                budget.give_back(share)
        elif isinstance(error, UpstreamError) and error.status is not None:
            self._settle(0)

    def settle(self, usage: Usage) -> None:
        """Count what was really used; where the provider did not say, the estimate stays."""
        if self._rates is not None and usage.source != "partial":
            self._rates.learn(self._model, usage)
            self._settle(usage.total_tokens)

    def _settle(self, tokens: int) -> None:
        for budget, share in self._shares:
            budget.settle(share, tokens)


# Where nothing is counted.
NOTHING: Final = Reservation([])
