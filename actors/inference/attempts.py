"""The one owner of a request's attempts: nothing below it retries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import attrs

from ...messages.chat import Request, Response, RoutingInfo
from ...messages.errors import (
    ActorCrashed,
    ActorStopped,
    EscalationExhausted,
    LegionError,
    MailboxFull,
)
from ...messages.outcome import outcome_of
from ...messages.routing import Resolution, Target

# Makes one attempt; its number counts from 1. Returns the answer, or raises why there is none.
MakeAttempt: TypeAlias = Callable[[Target, int], Awaitable[Response]]

# Failures of our own connection to one target: they say nothing against the next one.
_OUR_OWN: Final = (ActorCrashed, ActorStopped, MailboxFull)


@attrs.frozen
class Failure:
    """An attempt that failed."""

    target: Target
    error: LegionError

    def __str__(self) -> str:
        """Return "instance/model: outcome"."""
        return f"{self.target}: {outcome_of(self.error)}"


async def attempt_in_turn(
    request: Request,
    resolution: Resolution,
    max_attempts: int,
    attempt: MakeAttempt,
    is_committed: Callable[[], bool],
    elapsed: Callable[[], float],
) -> Response:
    """Try the candidates in turn until one answers.

    Args:
        request: What is asked.
        resolution: The candidates, best first.
        max_attempts: Attempts at most.
        attempt: Makes one.
        is_committed: Whether the caller has seen content already, so that nobody else may answer.
        elapsed: Seconds since the request began.

    Raises:
        LegionError: What the only attempt, or one that must not be repeated elsewhere, ended with.
        EscalationExhausted: Several were made, and all failed.
    """
    failures: list[Failure] = []
    for number, target in enumerate(resolution.candidates[:max_attempts], 1):
        try:
            response = await attempt(target, number)
        except LegionError as error:
            failures.append(Failure(target, error))
            if is_committed() or not may_go_elsewhere(error):
                raise
        else:
            return _routed(request, response, resolution, target, failures, elapsed())
    raise _exhausted(failures, resolution)


def may_go_elsewhere(error: LegionError) -> bool:
    """Return whether another target may be asked after this failure."""
    return error.escalatable or isinstance(error, _OUR_OWN)


def _exhausted(failures: list[Failure], resolution: Resolution) -> LegionError:
    """Return the only failure as it is; of several, one error that lists them."""
    last = failures[-1].error
    if len(failures) == 1:
        return last
    tried = tuple(f"{failure}: {failure.error}" for failure in failures)
    waits = [failure.error.retry_after for failure in failures if failure.error.retry_after is not None]
    exhausted = EscalationExhausted(
        f"all {len(failures)} attempts failed (of {len(resolution.candidates)} candidates): {'; '.join(tried)}",
        attempts=tried,
        retry_after=min(waits, default=None),
    )
    exhausted.__cause__ = last
    return exhausted


def _routed(
    request: Request,
    response: Response,
    resolution: Resolution,
    target: Target,
    failures: list[Failure],
    elapsed: float,
) -> Response:
    """Return the answer with the story of how it came about."""
    routing = RoutingInfo(
        provider=target.instance,
        model=target.model,
        tier=target.tier,
        strategy=resolution.strategy,
        attempts=len(failures) + 1,
        chain=(*map(str, failures), f"{target}: success"),
        latency_ms=elapsed * 1000,
    )
    return attrs.evolve(response, request_id=request.id, routing=routing)
