"""What the host has to say of a request."""

from __future__ import annotations

from ...hooks import answer_of, blocking
from ..flow import Flow


def wanted(flow: Flow) -> bool:
    """Whether the host has hung anything in."""
    return bool(flow.services.workshop.before_hooks)


async def run(flow: Flow) -> None:
    """Call the host's hooks with the request; the first that blocks it has answered it.

    Raises:
        PipelineError: One that must not fail did.
    """
    blocked = await blocking(flow, flow.services.workshop.before_hooks, flow.request)
    if blocked is not None:
        await flow.answer_early(answer_of(flow, blocked[1]))
