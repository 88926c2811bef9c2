"""What a request went through: written down as it happens, told to the caller in the end."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import attrs

from ....messages.attempt import QUALITY_FAILURE, SUCCESS, AttemptRecord
from ....messages.chat import Begun, Request, Response, RoutingInfo
from ....messages.errors import BudgetExceeded, EscalationExhausted, LegionError, RefusedError
from ....messages.outcome import Outcome, outcome_of
from ....messages.routing import Resolution
from ....messages.target import Target

FALLBACK: Final = "provider_fallback"


@attrs.frozen
class Ended:
    """One attempt that is over.

    Attributes:
        error: What it ended with; None for an answer, be it poor.
        failures: What was wrong with a poor answer.
        seconds: How long it took.
    """

    target: Target
    error: LegionError | None
    failures: tuple[str, ...]
    seconds: float

    @property
    def outcome(self) -> str:
        """How it ended, in one word."""
        if self.error is not None:
            return str(outcome_of(self.error))
        return QUALITY_FAILURE if self.failures else SUCCESS

    @property
    def reason(self) -> str:
        """Why there is no usable answer, for people."""
        return str(self.error) if self.error is not None else ", ".join(self.failures)

    def record(self) -> AttemptRecord:
        """Return what is remembered of it."""
        return AttemptRecord(
            provider=self.target.instance,
            model=self.target.model,
            tier=self.target.tier,
            outcome=self.outcome,
            failures=self.failures,
            error=None if self.error is None else type(self.error).__name__,
            duration_ms=self.seconds * 1000,
        )


def begun(request: Request, resolution: Resolution, target: Target, number: int) -> Begun:
    """Return who has begun to answer with the attempt of this number."""
    routing = RoutingInfo(
        provider=target.instance,
        model=target.model,
        tier=target.tier,
        strategy=resolution.strategy,
        rule=target.rule,
        rejected=resolution.rejected,
        attempts=number,
    )
    return Begun(routing=routing, conversation_id=request.conversation_id)


def routed_at_once(
    request: Request, response: Response, resolution: Resolution, target: Target, elapsed: float
) -> Response:
    """Return the answer of the first and only attempt with the story of how it came about."""
    routing = RoutingInfo(
        provider=target.instance,
        model=target.model,
        tier=target.tier,
        strategy=resolution.strategy,
        rule=target.rule,
        rejected=resolution.rejected,
        chain=(f"{target}: success",),
        latency_ms=elapsed * 1000,
        candidates=resolution.candidates,
    )
    return attrs.evolve(response, request_id=request.id, routing=routing)


def routed(
    request: Request, response: Response, resolution: Resolution, attempts: Sequence[Ended], elapsed: float
) -> Response:
    """Return the answer of the last of several attempts with the story of how it came about."""
    records = tuple([each.record() for each in attempts])
    target = attempts[-1].target
    routing = RoutingInfo(
        provider=target.instance,
        model=target.model,
        tier=target.tier,
        strategy=resolution.strategy,
        rule=target.rule,
        rejected=resolution.rejected,
        attempts=len(attempts),
        chain=tuple(map(str, records)),
        latency_ms=elapsed * 1000,
        history=records,
        candidates=resolution.candidates,
    )
    warnings = (*response.warnings, *fallback_warnings(attempts))
    return attrs.evolve(response, request_id=request.id, routing=routing, warnings=warnings)


def fallback_warnings(attempts: Sequence[Ended]) -> list[str]:
    """Return a line for every change of target: the answer does not come from where it was expected."""
    return [
        f"{FALLBACK}: {before.target} ended with {before.outcome}, {after.target} was asked instead"
        for before, after in itertools.pairwise(attempts)
        if before.target.key != after.target.key and before.outcome != Outcome.CANCELLED
    ]


def verdict(attempts: Sequence[Ended], resolution: Resolution) -> LegionError:
    """Return what the caller hears when all attempts have failed: one error that lists them.

    Where one target was tried, or no target could be paid, it is that failure itself.
    """
    if len({each.target.key for each in attempts}) == 1:
        telling = _most_telling(attempts)
        if telling is not None:
            return telling
    unpaid = [each.error for each in attempts if isinstance(each.error, BudgetExceeded)]
    if len(unpaid) == len(attempts):
        return unpaid[0]
    tried = tuple(f"{each.target}: {each.outcome}: {each.reason}" for each in attempts)
    waits = [
        each.error.retry_after for each in attempts if each.error is not None and each.error.retry_after is not None
    ]
    made = "the only attempt" if len(attempts) == 1 else f"all {len(attempts)} attempts"
    exhausted = EscalationExhausted(
        f"{made} failed (of {len(resolution.candidates)} candidates): {'; '.join(tried)}",
        attempts=tried,
        retry_after=min(waits, default=None),
    )
    exhausted.__cause__ = next((each.error for each in reversed(attempts) if each.error is not None), None)
    return exhausted


def _most_telling(attempts: Sequence[Ended]) -> LegionError | None:
    """Return the last thing the target itself said; that its circuit has opened meanwhile adds no more than when to come back."""
    errors = [each.error for each in attempts if each.error is not None]
    if not errors or attempts[-1].error is None:
        return None
    last = errors[-1]
    telling = next((error for error in reversed(errors) if not isinstance(error, RefusedError)), last)
    if telling.retry_after is None:
        telling.retry_after = last.retry_after
    return telling
