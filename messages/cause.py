"""Why an attempt gave no usable answer, as finely as the next move depends on it.

An `Outcome` says whose fault it was; for the next move that is too coarse: a reset connection may be tried again at once, a silent target may not.
"""

from __future__ import annotations

import enum
from typing import Final

from . import errors


class Cause(enum.StrEnum):
    """Why an attempt gave no usable answer. The values are the keys of the setting `routing.retries`, but for POOR and FINAL."""

    RESET = "reset"  # the connection was lost before any content
    FAILED = "failed"  # the provider failed: 5xx, an unreadable answer
    DOWN = "down"  # nobody is there: connection refused, TLS failure
    SILENT = "silent"  # it let one of the attempt's time limits pass
    THROTTLED = "throttled"  # not now; `retry_after` may say when
    BUSY = "busy"  # not sent: its circuit is open, too many wait for it here, or a budget has not so much left
    OVERFLOW = "overflow"  # the prompt exceeds the model's window
    UNFIT = "unfit"  # this model cannot do it, or not for this account
    ACCOUNT_DEAD = "account_dead"  # credit, quota or key
    REJECTED = "rejected"  # the provider calls the request wrong
    REFUSED = "refused"  # content policy
    INTERNAL = "internal"  # our own connection crashed, stopped or is flooded
    POOR = "poor"  # there is an answer, and it was judged poor
    FINAL = "final"  # nothing can follow: the caller's own mistake, deadline or farewell


# A class without a row inherits its parent's. A test compares this with the errors' own predicates.
CAUSES: Final[dict[type[BaseException], Cause]] = {
    errors.LegionError: Cause.FINAL,
    errors.UnsupportedCapability: Cause.UNFIT,
    errors.TargetUnavailable: Cause.BUSY,
    errors.TargetTooDear: Cause.BUSY,
    errors.UpstreamError: Cause.DOWN,
    errors.AuthError: Cause.ACCOUNT_DEAD,
    errors.AccountError: Cause.ACCOUNT_DEAD,
    errors.RateLimitError: Cause.THROTTLED,
    errors.ContextOverflow: Cause.OVERFLOW,
    errors.ModelUnavailableError: Cause.UNFIT,
    errors.ContentRefusedError: Cause.REFUSED,
    errors.RequestRejectedError: Cause.REJECTED,
    errors.ProviderError: Cause.FAILED,
    errors.StreamBrokenError: Cause.RESET,
    errors.ProviderDown: Cause.DOWN,
    errors.ProviderReset: Cause.RESET,
    errors.ProviderSilent: Cause.SILENT,
    errors.EscalationExhausted: Cause.FINAL,
    errors.MailboxFull: Cause.INTERNAL,
    errors.ActorCrashed: Cause.INTERNAL,
    errors.ActorStopped: Cause.INTERNAL,
}


def cause_of(error: errors.LegionError) -> Cause:
    """Return why an attempt that ended with this error gave no answer."""
    for cls in type(error).__mro__:
        cause = CAUSES.get(cls)
        if cause is not None:
            return cause
    return Cause.FINAL
