"""What is told of a request when it has ended."""

from __future__ import annotations

from ...messages.audit import RequestFinished
from ...messages.outcome import Outcome, outcome_of
from .pipeline.flow import Flow


def finished_of(flow: Flow) -> RequestFinished:
    """Return what there is to tell of a request that has ended."""
    error, seconds = flow.error, flow.elapsed
    return RequestFinished(
        request=flow.request,
        response=flow.response if error is None else None,
        outcome=Outcome.SUCCESS if error is None else outcome_of(error),
        error=None if error is None else type(error).__name__,
        began_at=flow.services.clock.time() - seconds,
        seconds=seconds,
        profile=flow.profile,
        level=flow.level,
        trace=flow.trace,
        answered_by=flow.answered_by,
        decisions=tuple(flow.audit),
        timeline=flow.timeline.rows,
        warnings=flow.told,
        enrichments=dict(flow.enrichments),
        steps=tuple(flow.durations),
    )
