"""How much the answer may be trusted."""

from __future__ import annotations

from typing import Final

import attrs

from .....messages.chat import Response
from .....messages.health import OwnSignal, SignalReported
from .....messages.quality import Quality
from ...quality.judge import quality_of
from ..flow import Flow

_DOUBTFUL: Final = "medium"


def wanted(flow: Flow) -> bool:
    """Whether the answer was judged already, somebody asks for a score, or the settings want one for every answer."""
    response = flow.response
    if response is None:
        return False
    return flow.services.scores_all or response.quality is not None or flow.request.confidence is not None


def run(flow: Flow) -> None:
    """Say how much the answer may be trusted, warn of one that hardly may, and let health know of it.

    Raises:
        InvalidRequestError: The caller's bands of confidence are none.
    """
    response = flow.response
    assert response is not None
    quality = response.quality or quality_of(flow.request, response, flow.services.judging)
    if quality is None:
        return
    if response.quality is None:
        flow.response = attrs.evolve(response, quality=quality)
        _report(flow, response, quality)
    flow.enrichments["confidence:score"] = {"score": quality.score, "band": quality.band, "source": quality.source}
    flow.timeline.add(
        "confidence:scored", "quality", source="pipeline", data={"score": quality.score, "band": quality.band}
    )
    if not quality.at_least(_DOUBTFUL):
        flow.warn(f"confidence: {quality.band} ({quality.score:g})")


def _report(flow: Flow, response: Response, quality: Quality) -> None:
    """Tell health of a poor answer; of one that was judged while it could be asked for elsewhere it has heard already."""
    health, routing = flow.services.health, response.routing
    if health is not None and routing is not None and not response.cached and not quality.at_least(_DOUBTFUL):
        health.offer(SignalReported(name=OwnSignal.QUALITY_FAILURE, instance=routing.provider))
