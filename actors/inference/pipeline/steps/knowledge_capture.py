"""What may be learnt from the answer."""

from __future__ import annotations

from typing import Final

from .....messages.chat import StopReason
from .....messages.learning import Capture, Learned
from .....messages.terms import Level
from ..flow import Flow, Services

_SAID: Final = frozenset({StopReason.END_TURN, StopReason.STOP_SEQUENCE})


def offered(services: Services) -> bool:
    """Whether anybody learns."""
    return services.learner is not None


def wanted(flow: Flow) -> bool:
    """Whether the answer is new, whole and in words, and may be kept: what is restricted is not taught to anybody."""
    response = flow.response
    return (
        response is not None
        and flow.answered_by is None
        and not response.cached
        and response.stop_reason in _SAID
        and not _is_restricted(flow)
        and bool(response.text)
    )


def _is_restricted(flow: Flow) -> bool:
    """Whether the request is restricted, by what was found in it or, where nobody has looked, by what its caller says."""
    terms = flow.request.terms
    said = None if terms is None else terms.classification
    return Level.RESTRICTED in (flow.level, said)


def run(flow: Flow) -> None:
    """Tell those who learn what the answer says; nobody waits for them."""
    response, request, learner = flow.response, flow.request, flow.services.learner
    assert response is not None
    assert learner is not None
    answer = Learned(
        content=response.text,
        tags=("llm_response", response.model or (response.routing.model if response.routing is not None else "")),
        request_id=request.id,
        conversation_id=request.conversation_id,
        caller=request.caller.identity,
    )
    if not learner.leave(Capture(answer=answer)):
        flow.timeline.add("knowledge:dropped", "knowledge", source="pipeline")
        return
    flow.timeline.add("knowledge:capture", "knowledge", source="pipeline", data={"characters": len(answer.content)})
