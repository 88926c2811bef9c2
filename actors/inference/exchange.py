"""One exchange with a provider: the candidates are attempted until one answers, whole or piece by piece."""

from __future__ import annotations

import math

from ...messages.attempt import AttemptRecord
from ...messages.chat import Response
from ...messages.routing import Infer, InferStream, QualityCheck
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

    request, resolution, check = flow.request, flow.resolution, _quality_check(flow)
    if flow.sink is None:
        return await attempts.whole(
            request, resolution, started=flow.started, deadline=deadline, quality_check=check, told=told
        )
    return await attempts.streamed(
        request, resolution, flow.sink, started=flow.started, deadline=deadline, quality_check=check, told=told
    )


def _quality_check(flow: Flow) -> QualityCheck | None:
    """Return the check that came beside the request; it judges the answer to this very one, and not those to the calls that its steps make."""
    message = None if flow.ask is None else flow.ask.message
    if isinstance(message, (Infer, InferStream)) and message.request is flow.original:
        return message.quality_check
    return None
