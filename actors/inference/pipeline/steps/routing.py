"""Where the request goes."""

from __future__ import annotations

from .....messages.routing import Route
from ..flow import Flow


async def run(flow: Flow) -> None:
    """Ask the router for the targets, best first, and for the reason why each was left out.

    Raises:
        LegionError: Nobody serves what is asked for, or nobody may now.
    """
    request = flow.request
    resolution = await flow.services.router.ask(
        Route(model=request.model, provider=request.provider, tier=request.tier)
    )
    flow.resolution = resolution
    flow.timeline.add(
        "routing:provider_selection", source="router", target=str(resolution.candidates[0]), detail=resolution.strategy
    )
