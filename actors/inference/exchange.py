"""One exchange with a provider: the candidates are attempted until one answers, whole or piece by piece."""

from __future__ import annotations

import math

from ...messages.attempt import AttemptRecord
from ...messages.chat import Response
from .pipeline.flow import Flow


async def exchange(flow: Flow) -> Response:
    """Answer `flow.request` by one of the candidates of `flow.resolution`; into `flow.sink` where there is one.

    Raises:
        LegionError: As `Attempts.whole`.
    """
    assert flow.resolution is not None
    deadline = math.inf if flow.ask is None else flow.ask.deadline
    attempts = flow.services.attempts

    def told(attempt: AttemptRecord) -> None:
        flow.timeline.add(
            "escalation:attempt",
            "provider",
            source="pipeline",
            target=f"{attempt.provider}/{attempt.model}",
            detail=attempt.outcome,
            duration_ms=attempt.duration_ms,
        )

    if flow.sink is None:
        return await attempts.whole(flow.request, flow.resolution, started=flow.started, deadline=deadline, told=told)
    return await attempts.streamed(
        flow.request, flow.resolution, flow.sink, started=flow.started, deadline=deadline, told=told
    )
