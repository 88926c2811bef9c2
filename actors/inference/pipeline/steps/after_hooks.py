"""What the host has to say of an answer."""

from __future__ import annotations

from ...hooks import answer_of, blocking
from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether the host has hung anything in."""
    return bool(flow.services.workshop.after_hooks)


async def run(flow: Flow) -> None:
    """Call the host's hooks with request and answer; where one blocks, the caller gets its words instead, or a warning where it has read the answer.

    Raises:
        PipelineError: One that must not fail did.
    """
    response = flow.response
    assert response is not None
    blocked = await blocking(flow, flow.services.workshop.after_hooks, flow.request, response)
    if blocked is None:
        return
    hook, block = blocked
    if flow.sink is not None:
        flow.warn(f"hook {hook.name} would have blocked this answer, which was streamed already: {block.text}")
        return
    flow.response = answer_of(flow, block, response)
