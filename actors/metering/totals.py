"""Running totals of attempts and tokens."""

from __future__ import annotations

import attrs

from ...messages.outcome import Outcome
from ...messages.routing import AttemptFinished


@attrs.define(kw_only=True)
class Totals:
    """Sums since the start; they go on counting when old records are dropped.

    Attributes:
        unmetered: Successful attempts for which the provider reported no usage; their tokens are unknown, not zero.
    """

    attempts: int = 0
    succeeded: int = 0
    unmetered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def add(self, attempt: AttemptFinished) -> None:
        """Count one attempt."""
        usage = attempt.usage
        self.attempts += 1
        if attempt.outcome is Outcome.SUCCESS:
            self.succeeded += 1
            self.unmetered += usage.total_tokens == 0
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cache_read_tokens += usage.cache_read
        self.cache_write_tokens += usage.cache_write
        self.reasoning_tokens += usage.reasoning
