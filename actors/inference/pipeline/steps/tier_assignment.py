"""Which tier suits the request."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from .....messages.terms import Level
from ...governance.governance import Wish
from ..flow import Flow

_LOCAL: Final = "local"

# Wishes by priority: what is urgent is worth a good model, what is not can wait for a cheap one.
_BY_PRIORITY: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "critical": ("frontier", MappingProxyType({"capability": "reasoning"})),
    "high": ("frontier", MappingProxyType({"capability": "reasoning"})),
    "low": ("local", MappingProxyType({"cost": "minimize"})),
}


def wanted(flow: Flow) -> bool:
    """Whether the request must stay local, or leaves the choice to us and anything is known of what suits it."""
    if flow.level is Level.RESTRICTED:
        return True
    request = flow.request
    return (
        (request.priority in _BY_PRIORITY or request.caller.identity is not None or flow.advice is not None)
        and request.tier is None
        and request.provider is None
        and request.model in _UNNAMED
    )


_UNNAMED: Final = (None, "auto")


def run(flow: Flow) -> None:
    """Keep what is restricted on this machine, whatever its caller asks for; else prefer the tier that is advised, or suits caller and priority."""
    if flow.level is Level.RESTRICTED:
        if flow.services.governance.restricts_to_local:
            _keep_local(flow)
        return
    tier, intent, why = _advised(flow) or flow.services.governance.wish_of(flow.request.caller.identity)
    if why is None and flow.request.priority in _BY_PRIORITY:
        tier, intent = _BY_PRIORITY[flow.request.priority]
        why = f"priority {flow.request.priority}"
    if why is not None:
        _prefer(flow, tier, intent, why)


def _advised(flow: Flow) -> Wish | None:
    advice = flow.advice
    if advice is None or not (advice.tier or advice.intent):
        return None
    flow.enrichments["gaia:routing_hint"] = {"tier": advice.tier, "intent": dict(advice.intent)}
    return advice.tier, advice.intent, "the host's advice"


def _keep_local(flow: Flow) -> None:
    request = flow.request
    asked = request.model or request.provider or request.tier
    changes: dict[str, Any] = {"tier": _LOCAL, "intent": {**request.intent, "privacy": "strict"}}
    if request.tier != _LOCAL and asked not in _UNNAMED:
        flow.warn(f"restricted, so it stays on this machine: {asked} was not asked")
        changes |= {"model": None, "provider": None}
    flow.request = attrs.evolve(request, **changes)
    flow.timeline.add("routing:tier_assignment", source="pipeline", target=_LOCAL, detail="restricted")


def _prefer(flow: Flow, tier: str | None, intent: Mapping[str, str], why: str) -> None:
    request = flow.request
    flow.request = attrs.evolve(request, tier=tier, intent={**intent, **request.intent})
    flow.is_tier_a_wish = tier is not None
    flow.timeline.add("routing:tier_assignment", source="pipeline", target=tier, detail=why)
