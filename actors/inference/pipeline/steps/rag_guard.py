"""Whether the answer keeps to the knowledge that the model was told."""

from __future__ import annotations

from .....messages.errors import PipelineError
from ...knowledge.guard import guarded
from ...knowledge.measure import told
from ..flow import Flow, Services


def offered(services: Services) -> bool:
    """Whether the host has anybody who compares."""
    return bool(services.evaluators) and services.retriever is not None


def wanted(flow: Flow) -> bool:
    """Whether the model was told anything, and has said anything."""
    return bool(flow.knowledge) and flow.response is not None and bool(flow.response.text)


async def run(flow: Flow) -> None:
    """Have the host's evaluators compare the answer with what was looked up for it; warn of one that says something else, or refuse it.

    Raises:
        PipelineError: It says something else, and `rag.guard.closed` is set.
    """
    response, settings = flow.response, flow.services.rag.guard
    assert response is not None
    result = await guarded(
        flow.services.evaluators,
        response.text,
        told(flow.knowledge),
        threshold=settings.threshold,
        timeout=settings.timeout,
    )
    flow.enrichments["guard:result"] = {
        "faithful": result.faithful,
        "scores": dict(result.scores),
        "flagged": result.flagged,
    }
    flow.note("success" if result.faithful else "warning", data={"flagged": ", ".join(result.flagged)})
    if result.faithful:
        return
    text = f"the answer does not keep to the knowledge that was found, say {', '.join(result.flagged)}"
    if settings.closed:
        raise PipelineError(text, step="rag_guard")
    flow.warn(text)
