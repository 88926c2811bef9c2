"""Running totals of attempts, tokens and cost."""

from __future__ import annotations

import collections
from typing import Any

import attrs

from ...messages.ledger import LedgerEntry
from ...messages.outcome import Outcome
from ...messages.routing import AttemptFinished
from ...messages.totals import AttemptTotals
from ..histogram import Histogram


@attrs.define(kw_only=True)
class Totals:
    """Sums since the start; they go on counting when old records are dropped.

    Attributes:
        unmetered: Successful attempts for which the provider reported no usage; their tokens are unknown, not zero.
        unpriced: Attempts that used tokens whose price nobody knows; they are missing from `cost_usd`.
    """

    attempts: int = 0
    succeeded: int = 0
    unmetered: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0
    outcomes: collections.Counter[str] = attrs.field(factory=collections.Counter)
    latency: Histogram = attrs.field(factory=Histogram)
    first_content: Histogram = attrs.field(factory=Histogram)

    def add(self, attempt: AttemptFinished, entry: LedgerEntry) -> None:
        """Count one attempt, with the row that is kept of it."""
        usage = entry.usage
        self.attempts += 1
        self.outcomes[attempt.outcome.value] += 1
        if attempt.outcome is Outcome.SUCCESS:
            self.succeeded += 1
            self.unmetered += usage.total_tokens == 0
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cache_read_tokens += usage.cache_read
        self.cache_write_tokens += usage.cache_write
        self.reasoning_tokens += usage.reasoning
        if entry.cost_usd is not None:
            self.cost_usd += entry.cost_usd
        elif usage.total_tokens:
            self.unpriced += 1
        self.latency.add(attempt.latency)
        if attempt.first_content is not None:
            self.first_content.add(attempt.first_content)

    def described(self) -> dict[str, Any]:
        """Return the plain sums."""
        return attrs.asdict(self, filter=lambda _, value: not isinstance(value, Histogram))

    def told(self, instance: str, model: str) -> AttemptTotals:
        """Return the sums as others may have them."""
        return AttemptTotals(
            instance=instance,
            model=model,
            outcomes=dict(self.outcomes),
            tokens={
                "input": self.input_tokens,
                "output": self.output_tokens,
                "cache_read": self.cache_read_tokens,
                "cache_write": self.cache_write_tokens,
                "reasoning": self.reasoning_tokens,
            },
            cost_usd=self.cost_usd,
            unpriced=self.unpriced,
            unmetered=self.unmetered,
            latency=self.latency.distribution(),
            first_content=self.first_content.distribution(),
        )
