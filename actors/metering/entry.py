"""From an attempt that was told to the row that is kept."""

from __future__ import annotations

from typing import Any, Final

import attrs

from ...messages.chat import Usage
from ...messages.ledger import CostSource, LedgerEntry
from ...messages.routing import AttemptFinished
from .port import Prices

# Names come from outside. This is longer than any of a provider's or a caller's own.
_LONGEST: Final = 256

# No answer has more tokens; a provider that says so is not believed, for no store could keep, nor add up, numbers without end.
_MOST_TOKENS: Final = 2**40


def entry_of(attempt: AttemptFinished, prices: Prices | None) -> LedgerEntry:
    """Return the row of an attempt."""
    target = attempt.target
    cost, source = _cost(attempt, prices)
    return LedgerEntry(
        id=attempt.id,
        request_id=kept(attempt.request_id),
        attempt=attempt.attempt,
        recorded_at=attempt.recorded_at,
        provider=target.instance.partition("/")[0],
        instance=target.instance,
        model=kept(target.model),
        tier=target.tier,
        outcome=attempt.outcome,
        usage=_believable(attempt.usage),
        latency=attempt.latency,
        request_type=attempt.request_type,
        caller=_kept_or_none(attempt.caller.identity),
        caller_type=kept(attempt.caller.type),
        conversation_id=_kept_or_none(attempt.conversation_id),
        rule=_kept_or_none(attempt.rule),
        error=attempt.error,
        streamed=attempt.streamed,
        cost_usd=cost,
        cost_source=source,
    )


def _cost(attempt: AttemptFinished, prices: Prices | None) -> tuple[float | None, CostSource]:
    """What the provider says counts; then the table of prices; what nobody knows is unknown, never zero."""
    usage = attempt.usage
    if usage.cost_usd is not None:
        return usage.cost_usd, "reported"
    if usage.total_tokens == 0:
        # An attempt without tokens used none, unless the provider has only not told.
        return (None, "unknown") if usage.source == "partial" else (0.0, "priced")
    cost = prices.cost(attempt.target.instance, attempt.target.model, usage) if prices is not None else None
    return (None, "unknown") if cost is None else (cost, "priced")


def _believable(usage: Usage) -> Usage:
    if usage.total_tokens <= _MOST_TOKENS:
        return usage
    numbers: dict[str, Any] = {
        name: min(value, _MOST_TOKENS) for name, value in attrs.asdict(usage).items() if type(value) is int
    }
    return attrs.evolve(usage, **numbers)


def kept(text: str) -> str:
    """Return a name as every store can keep it: no NUL, no lone surrogate, not longer than any real one."""
    if text.isascii() and "\0" not in text:
        return text[:_LONGEST]
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:_LONGEST]


def _kept_or_none(text: str | None) -> str | None:
    return None if text is None else kept(text)
