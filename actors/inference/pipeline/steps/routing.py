"""Where the request goes."""

from __future__ import annotations

import attrs

from .....messages.errors import (
    ContextOverflow,
    NoRouteError,
    PrivacyModeError,
    UnknownModelError,
    UnknownProviderError,
    UnsupportedCapability,
)
from .....messages.routing import Resolution
from ....router.needs import route_of
from ..additions import put_in_place
from ..flow import Flow
from ..gate import gated

# What a tier is refused with that nobody serves, or nobody can or may for this request.
_NOBODY = (
    NoRouteError,
    UnknownModelError,
    UnknownProviderError,
    PrivacyModeError,
    UnsupportedCapability,
    ContextOverflow,
)


async def run(flow: Flow) -> None:
    """Ask the router for the targets, best first; leave out those that a step before has barred.

    Raises:
        PipelineError: All are barred.
        LegionError: Nobody serves what is asked for, or nobody may now.
    """
    if flow.additions:
        put_in_place(flow)
    resolution = await _resolve(flow)
    if flow.bars:
        passed = gated(resolution, flow.bars)
        flow.warnings.extend(passed.warnings)
        for each in passed.barred:
            flow.timeline.add("routing:barred", "audit", source="pipeline", detail=each)
        resolution = passed.resolution
    flow.resolution = resolution
    flow.timeline.add(
        "routing:provider_selection", source="router", target=str(resolution.candidates[0]), detail=resolution.strategy
    )


async def _resolve(flow: Flow) -> Resolution:
    try:
        return await _ask(flow)
    except _NOBODY:
        if not flow.is_tier_a_wish:
            raise
    flow.timeline.add("routing:wish_dropped", source="pipeline", target=flow.request.tier)
    flow.request = attrs.evolve(flow.request, tier=flow.original.tier)
    flow.is_tier_a_wish = False
    return await _ask(flow)


async def _ask(flow: Flow) -> Resolution:
    request = flow.request
    return await flow.services.router.ask(route_of(request))
