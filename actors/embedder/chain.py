"""One target after the other, each for the whole request: a chain never mixes the vectors of two models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import attrs

from ...messages.chat import RoutingInfo
from ...messages.embedding import EmbedResponse
from ...messages.errors import EscalationExhausted, LegionError, RefusedError
from ...messages.outcome import outcome_of
from ...messages.routing import Target
from ..inference.attempts.moves import may_go_elsewhere

# Embeds the whole request at one target.
RunAt: TypeAlias = Callable[[Target], Awaitable[EmbedResponse]]


async def embed_in_turn(
    targets: Sequence[Target], run_at: RunAt, *, strategy: str, elapsed: Callable[[], float]
) -> EmbedResponse:
    """Ask the targets in turn until one has embedded everything.

    Args:
        targets: Whom to ask, at least one.
        run_at: Asks one.
        strategy: How they were chosen, for the record.
        elapsed: Seconds since the request began.

    Raises:
        LegionError: What the only target, or one after which no other may be asked, ended with.
        EscalationExhausted: Several were asked, and all failed.
    """
    failures: list[tuple[Target, LegionError]] = []
    for target in targets:
        try:
            response = await run_at(target)
        except LegionError as error:
            failures.append((target, error))
            if not may_go_elsewhere(error):
                raise
        else:
            chain = (*(f"{failed}: {outcome_of(error)}" for failed, error in failures), f"{target}: success")
            routing = RoutingInfo(
                provider=target.instance,
                model=target.model,
                tier=target.tier,
                strategy=strategy,
                attempts=len(chain),
                chain=chain,
                latency_ms=elapsed() * 1000,
            )
            return attrs.evolve(response, routing=routing)
    raise _exhausted(failures)


def _exhausted(failures: Sequence[tuple[Target, LegionError]]) -> LegionError:
    last = failures[-1][1]
    if len(failures) == 1:
        return last
    if all(isinstance(error, RefusedError) for _, error in failures):
        return failures[0][1]  # nobody was called: what stands in the way of the first choice is what must be mended
    tried = tuple([f"{target}: {outcome_of(error)}: {error}" for target, error in failures])
    waits = [error.retry_after for _, error in failures if error.retry_after is not None]
    exhausted = EscalationExhausted(
        f"all {len(failures)} providers of embeddings failed: {'; '.join(tried)}",
        attempts=tried,
        retry_after=min(waits, default=None),
    )
    exhausted.__cause__ = last
    return exhausted
