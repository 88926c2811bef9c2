"""The closed set of ways in which an attempt at a provider can end.

Decided once, at the provider boundary. Health, failover, the ledger and the caller's error all follow from this one value; nothing else looks at
a status code.
"""

from __future__ import annotations

import enum
from typing import Final

from . import errors


class Outcome(enum.StrEnum):
    """How an attempt ended."""

    SUCCESS = "success"
    CALLER_MISTAKE = "caller_mistake"  # the request is wrong wherever it goes
    UNFIT = "unfit"  # this model cannot take it: overflow, missing capability
    THROTTLED = "throttled"  # not now; `retry_after` may say when
    ACCOUNT_DEAD = "account_dead"  # credit, quota or key: nothing on this credential works
    TARGET_SICK = "target_sick"  # the provider failed or did not answer
    REFUSED = "refused"  # content policy
    CANCELLED = "cancelled"  # the caller went away
    DEADLINE_SHORT = "deadline_short"  # the caller's deadline passed before the target's own limit
    INTERNAL = "internal"  # our own bug or overload: says nothing about the target


# Most derived class first is not needed: `outcome_of` walks the class hierarchy, so a subclass without a row inherits its parent's.
OUTCOMES: Final[dict[type[BaseException], Outcome]] = {
    errors.RefusedError: Outcome.CALLER_MISTAKE,
    errors.UnsupportedCapability: Outcome.UNFIT,
    errors.TargetUnavailable: Outcome.THROTTLED,
    errors.NoRouteError: Outcome.THROTTLED,
    errors.BudgetExceeded: Outcome.THROTTLED,
    errors.UpstreamError: Outcome.TARGET_SICK,
    errors.AuthError: Outcome.ACCOUNT_DEAD,
    errors.AccountError: Outcome.ACCOUNT_DEAD,
    errors.RateLimitError: Outcome.THROTTLED,
    errors.ContextOverflow: Outcome.UNFIT,
    errors.ModelUnavailableError: Outcome.UNFIT,
    errors.ContentRefusedError: Outcome.REFUSED,
    errors.RequestRejectedError: Outcome.CALLER_MISTAKE,
    errors.ProviderError: Outcome.TARGET_SICK,
    # One machine of many: the fleet is not sick because of it.
    errors.WorkerLost: Outcome.INTERNAL,
    errors.ProviderDown: Outcome.TARGET_SICK,
    errors.ProviderReset: Outcome.TARGET_SICK,
    errors.ProviderSilent: Outcome.TARGET_SICK,
    errors.EscalationExhausted: Outcome.TARGET_SICK,
    errors.StoreError: Outcome.INTERNAL,
    errors.RuntimeFault: Outcome.INTERNAL,
    errors.DeadlineExceeded: Outcome.DEADLINE_SHORT,
    errors.CancelledError: Outcome.CANCELLED,
}

# What may be held against the target's health. Throttling is not sickness, and a caller's mistakes say nothing about the target.
COUNTS_AGAINST_TARGET: Final[frozenset[Outcome]] = frozenset({Outcome.TARGET_SICK, Outcome.ACCOUNT_DEAD})


def outcome_of(error: BaseException) -> Outcome:
    """Return the outcome that an error means; anything that is not a `LegionError` is our own bug."""
    for cls in type(error).__mro__:
        outcome = OUTCOMES.get(cls)
        if outcome is not None:
            return outcome
    return Outcome.INTERNAL
