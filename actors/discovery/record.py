"""What is remembered of one instance, and what that is worth: a pure function of the record and the time."""

from __future__ import annotations

import attrs

from ...messages.catalogue import CatalogueState, ModelFacts


@attrs.frozen(kw_only=True)
class Record:
    """The last word of an instance.

    Attributes:
        models: What it listed when it last answered.
        answered_at: Monotonic moment of that, or None before.
        failure: Why the last look gave nothing, in words, or None when it gave something.
    """

    models: tuple[ModelFacts, ...] = ()
    answered_at: float | None = None
    failure: str | None = None

    def answered(self, models: tuple[ModelFacts, ...], now: float) -> Record:
        """Return the record after a look that was answered."""
        return Record(models=models, answered_at=now)

    def failed(self, failure: str) -> Record:
        """Return the record after a look that was not; what was listed before is kept."""
        return attrs.evolve(self, failure=failure)


def state_of(record: Record, now: float, ttl: float) -> CatalogueState:
    """Return what the record is worth.

    An answer holds for `ttl`, whatever happened since: one look that fails does not make a list doubtful. After that it is unreachable if the last
    look failed, and stale if none has ended: the machine slept, or the loop was held up.

    Args:
        record: The record.
        now: Monotonic moment.
        ttl: Seconds for which an answer holds.
    """
    if record.answered_at is None:
        return CatalogueState.NEVER_FETCHED if record.failure is None else CatalogueState.UNREACHABLE
    if now - record.answered_at <= ttl:
        return CatalogueState.FRESH if record.models else CatalogueState.EMPTY
    return CatalogueState.STALE if record.failure is None else CatalogueState.UNREACHABLE
