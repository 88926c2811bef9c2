"""What comes after an attempt that gave no usable answer: one pure function over a table of rules.

Asked in this order, and the first that fits is the move: the same target again at once, the same target after the wait that it asked for, another
candidate, a wait for one that was tried before, nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from ....messages.cause import Cause, cause_of
from ....messages.errors import LegionError
from ....messages.settings import DEFAULT_RULES, TIERS, RetryRule, RetrySettings
from ....messages.target import Target
from .order import in_order

# What costs no attempt: nothing was sent, or nobody at that target could have answered.
UNCOUNTED: Final = frozenset({Cause.BUSY, Cause.ACCOUNT_DEAD, Cause.INTERNAL})
# A poor answer goes elsewhere or nowhere: the same target would give its like.
_POOR: Final = RetryRule(again=0, elsewhere=True, back_off=False)
_NOTHING: Final = RetryRule(again=0, elsewhere=False, back_off=False)


@attrs.frozen(kw_only=True)
class Again:
    """Ask the same target again at once."""

    target: Target


@attrs.frozen(kw_only=True)
class Wait:
    """Ask a target again, after a wait.

    Attributes:
        seconds: How long, without its jitter.
        jitter: Most seconds that chance may add.
    """

    target: Target
    seconds: float
    jitter: float


@attrs.frozen(kw_only=True)
class Next:
    """Ask another candidate.

    Attributes:
        left: Those that remain after it.
    """

    target: Target
    left: tuple[Target, ...]


@attrs.frozen(kw_only=True)
class Stop:
    """Give up.

    Attributes:
        is_final: Whether the last failure is the answer, whatever was tried before: nobody could mend it.
    """

    is_final: bool = False


Move: TypeAlias = Again | Wait | Next | Stop


@attrs.frozen(kw_only=True)
class Tried:
    """How a target's last attempt ended.

    Attributes:
        ready_at: Monotonic moment before which it does not want to be asked again; that of the failure where it did not say.
        retry_after: Seconds that it asked for, or None.
    """

    target: Target
    cause: Cause
    ready_at: float
    retry_after: float | None = None


@attrs.frozen(kw_only=True)
class Situation:
    """Where a request stands after an attempt that gave no usable answer.

    Attributes:
        last: How that attempt ended.
        tried: Every target that was tried, with how its last attempt ended; the last one included.
        left: Candidates that were not tried, in the router's order.
        made: Attempts that were made.
        counted: Those of them that count.
        most: Attempts that may count.
        repeats: Times in a row that the last target was asked again at once.
        waits: Waits so far.
        is_single: Whether it was the target's first failure since its last success, whoever asked.
        budget: Seconds until the budget of a target grants a repeat, by instance; 0 for at once.
        now: Monotonic moment.
        deadline: Monotonic moment of the request's end; infinity for none.
        tiers: All tiers, the nearest first.
    """

    last: Tried
    tried: Sequence[Tried]
    left: Sequence[Target]
    made: int
    counted: int
    most: int
    repeats: int
    waits: int
    is_single: bool
    budget: Mapping[str, float]
    now: float
    deadline: float
    tiers: Sequence[str] = TIERS


def next_move(here: Situation, settings: RetrySettings, rules: Mapping[Cause, RetryRule]) -> Move:
    """Return what comes next.

    Args:
        here: Where the request stands.
        settings: How long is waited.
        rules: `settings.rules()`.
    """
    rule = _POOR if here.last.cause is Cause.POOR else rules.get(here.last.cause, _NOTHING)
    if rule == _NOTHING:
        return Stop(is_final=True)
    if not _is_spent(here):
        if _may_repeat(here, rule):
            return Again(target=here.last.target)
        move = _patient(here, settings, rule) or _elsewhere(here, rule) or _later(here, settings, rules, rule)
        if move is not None:
            return move
    # A prompt that is too long must be told as such: the caller can shorten it, and nobody else can help.
    return Stop(is_final=here.last.cause is Cause.OVERFLOW)


def may_go_elsewhere(error: LegionError) -> bool:
    """Return whether another target may be asked after this failure, by the default rules."""
    return bool(DEFAULT_RULES.get(cause_of(error), _NOTHING).elsewhere)


def _is_spent(here: Situation) -> bool:
    # The second bound holds even where attempts that do not count are repeated by setting.
    return here.counted >= here.most or here.made >= here.most + len(here.tried) + len(here.left)


def _may_repeat(here: Situation, rule: RetryRule) -> bool:
    """Whether the same target may be asked again at once: its failure is a single one, and it did not ask for a wait."""
    return (
        here.repeats < (rule.again or 0)
        and here.is_single
        and here.last.retry_after is None
        and here.budget[here.last.target.instance] <= 0
    )


def _patient(here: Situation, settings: RetrySettings, rule: RetryRule) -> Move | None:
    """Wait out a `Retry-After` before anybody else is asked, if the settings have that much patience."""
    patience, asked = settings.patience_seconds, here.last.retry_after
    if not rule.back_off or patience is None or asked is None or asked > patience:
        return None
    return _wait_for(here.last, here, settings)


def _elsewhere(here: Situation, rule: RetryRule) -> Move | None:
    if not rule.elsewhere:
        return None
    order = in_order(here.last.cause, here.last.target, here.left, here.tiers)
    return Next(target=order[0], left=order[1:]) if order else None


def _later(here: Situation, settings: RetrySettings, rules: Mapping[Cause, RetryRule], rule: RetryRule) -> Move | None:
    """Wait for the target that may be asked first, where nobody else is left."""
    if not (rule.back_off or rule.elsewhere):
        return None
    patience = math.inf if settings.patience_seconds is None else settings.patience_seconds
    waitable = [
        each
        for each in here.tried
        if each.cause in rules and rules[each.cause].back_off and (each.retry_after or 0.0) <= patience
    ]
    return _wait_for(min(waitable, key=lambda each: each.ready_at), here, settings) if waitable else None


def _wait_for(tried: Tried, here: Situation, settings: RetrySettings) -> Wait | None:
    """Return the wait: as long as the target asked for, never shorter than the back-off and the budget say; None if the deadline comes first."""
    budget = here.budget[tried.target.instance]
    if budget > settings.backoff_max:
        return None
    back_off = min(settings.backoff_max, settings.backoff_initial * 2.0**here.waits)
    asked = max(0.0, tried.ready_at - here.now)
    seconds = max(asked, budget, back_off / 2)
    if here.now + seconds + back_off / 2 >= here.deadline:
        return None
    return Wait(target=tried.target, seconds=seconds, jitter=back_off / 2)
