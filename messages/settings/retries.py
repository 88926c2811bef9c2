"""What follows an attempt that gave no answer: the section `routing.retries`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from ..cause import Cause
from .checks import between, fault


@attrs.frozen(kw_only=True)
class RetryRule:
    """What may follow an attempt that ended in one way; None leaves a part to the default, see `DEFAULT_RULES`.

    Attributes:
        again: Times the same target is asked again at once (0 to 10). Only where the failure is a single one, and within the retry budget.
        elsewhere: Whether another candidate may be asked.
        back_off: Whether the same target may be asked again later: after the `Retry-After` it gave, and when no other candidate is left.
    """

    again: int | None = attrs.field(default=None, validator=between(0, 10))
    elsewhere: bool | None = None
    back_off: bool | None = None

    def over(self, default: RetryRule) -> RetryRule:
        """Return this rule with its gaps filled from `default`."""
        return RetryRule(
            again=default.again if self.again is None else self.again,
            elsewhere=default.elsewhere if self.elsewhere is None else self.elsewhere,
            back_off=default.back_off if self.back_off is None else self.back_off,
        )


def _rule(*, again: int = 0, elsewhere: bool = True, back_off: bool = False) -> RetryRule:
    return RetryRule(again=again, elsewhere=elsewhere, back_off=back_off)


# The one home of the defaults. A silent target is left, not retried: whoever waited for it once has waited long enough. One that is busy here
# refuses early, so that load is shed and not queued.
DEFAULT_RULES: Final[Mapping[Cause, RetryRule]] = MappingProxyType(
    {
        Cause.RESET: _rule(again=1, back_off=True),
        Cause.FAILED: _rule(again=1, back_off=True),
        Cause.DOWN: _rule(back_off=True),
        Cause.SILENT: _rule(),
        Cause.THROTTLED: _rule(back_off=True),
        Cause.BUSY: _rule(),
        Cause.OVERFLOW: _rule(),
        Cause.UNFIT: _rule(),
        Cause.ACCOUNT_DEAD: _rule(),
        Cause.REJECTED: _rule(elsewhere=False),
        Cause.REFUSED: _rule(elsewhere=False),
        Cause.INTERNAL: _rule(),
    }
)
_OPEN: Final = RetryRule()


@attrs.frozen(kw_only=True)
class RetryBudgetSettings:
    """How many repeats one provider instance may get, of all requests together: a token bucket.

    Attributes:
        share: Repeats granted for each call to the instance (0 to 1). Default 0.1.
        per_second: Repeats granted per second beside those (at least 0). Default 0.5.
        saved: Most repeats that are saved up, and what an instance begins with (at least 0). Default 10.0.
    """

    share: float = attrs.field(default=0.1, validator=between(0, 1))
    per_second: float = attrs.field(default=0.5, validator=between(0))
    saved: float = attrs.field(default=10.0, validator=between(0))


@attrs.frozen(kw_only=True)
class RetrySettings:
    """What follows an attempt that gave no answer, by the way it ended (see `messages.cause`), and how long is waited.

    Attributes:
        reset: The connection was lost before any content. Default: once again at once, then elsewhere, then later.
        failed: The provider failed: 5xx, an unreadable answer. Default as `reset`.
        down: Nobody is there: connection refused, TLS failure. Default: elsewhere, then later.
        silent: It let one of the attempt's time limits pass. Default: elsewhere.
        throttled: Not now. Default: elsewhere, then when its `Retry-After` has passed.
        busy: Not sent: its circuit is open, too many wait for it here, or a budget has not so much left. Default: elsewhere.
        overflow: The prompt exceeds the model's window. Default: elsewhere, where the window is larger.
        unfit: The model cannot do it, or not for this account. Default: elsewhere.
        account_dead: Credit, quota or key. Default: elsewhere; such an attempt does not count.
        rejected: The provider calls the request wrong. Default: nothing.
        refused: A content filter refused. Default: nothing; asking someone else is a policy.
        internal: Our own connection crashed, stopped or is flooded. Default: elsewhere; such an attempt does not count.
        patience_seconds: Longest `Retry-After` in seconds that is waited for instead of asking another candidate (at least 0). None: none while
            another candidate is left, else up to the request's deadline. Default None.
        backoff_initial: Seconds of the first wait before the same target is asked again (above 0); it doubles with each. Default 0.5.
        backoff_max: Longest such wait in seconds (at least `backoff_initial`). Default 8.0.
        budget: How many repeats one provider instance may get.
    """

    reset: RetryRule = _OPEN
    failed: RetryRule = _OPEN
    down: RetryRule = _OPEN
    silent: RetryRule = _OPEN
    throttled: RetryRule = _OPEN
    busy: RetryRule = _OPEN
    overflow: RetryRule = _OPEN
    unfit: RetryRule = _OPEN
    account_dead: RetryRule = _OPEN
    rejected: RetryRule = _OPEN
    refused: RetryRule = _OPEN
    internal: RetryRule = _OPEN
    patience_seconds: float | None = attrs.field(default=None, validator=between(0, unit="s"))
    backoff_initial: float = attrs.field(default=0.5, validator=between(0.001, unit="s"))
    backoff_max: float = attrs.field(default=8.0, validator=between(0.001, unit="s"))
    budget: RetryBudgetSettings = RetryBudgetSettings()

    def __attrs_post_init__(self) -> None:
        if self.backoff_max < self.backoff_initial:
            raise fault(
                "backoff_max",
                f"must be at least backoff_initial ({self.backoff_initial:g} s), got {self.backoff_max:g}",
            )

    def rules(self) -> Mapping[Cause, RetryRule]:
        """Return the rule for each cause that has one, without gaps."""
        return {cause: getattr(self, cause.value).over(default) for cause, default in DEFAULT_RULES.items()}
