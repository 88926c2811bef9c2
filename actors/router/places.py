"""From the place that a rule speaks of to the targets that are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ...messages.errors import InvalidRequestError, UnknownModelError
from ...messages.reasons import Reason, Rejection
from ...messages.routing import Target
from ...messages.settings.rules import PlaceSettings
from .candidate import target_of
from .catalogue import Instance
from .explicit import serving
from .roster import Roster

Place: TypeAlias = list[tuple[Instance, Target]]


def targets_at(place: PlaceSettings, roster: Roster, rule: str) -> Place | Rejection:
    """Return the targets of a rule's place, in order of preference; or why there are none."""
    pool = _pool(place, roster)
    if not pool and place.provider is not None and not roster.named(place.provider):
        return Rejection(place.provider, Reason.PROVIDER_UNAVAILABLE, (place.provider,), rule=rule)
    if not pool:
        return Rejection(place.tier or "any", Reason.TIER_UNAVAILABLE, (place.tier or "any",), rule=rule)
    models = _models(place, pool, roster)
    if isinstance(models, Reason):
        return Rejection(place.model or place.provider or place.tier or "any", models, rule=rule)
    return [(instance, target_of(instance, model, rule, place.compress_level)) for instance, model in models]


def _pool(place: PlaceSettings, roster: Roster) -> Sequence[Instance]:
    if place.provider is None:
        return roster.instances if place.tier is None else roster.tier(place.tier)
    return [each for each in roster.named(place.provider) if place.tier is None or each.tier == place.tier]


def _models(place: PlaceSettings, pool: Sequence[Instance], roster: Roster) -> list[tuple[Instance, str]] | Reason:
    if place.provider is not None:
        return _usual(pool, place.model)
    model = place.model or roster.policy.model_of_tier(place.tier)
    if model is None:
        return _usual(pool, None)
    try:
        return serving(model, pool, roster.policy.defaults)
    except (UnknownModelError, InvalidRequestError):
        return Reason.NOT_LISTED


def _usual(pool: Sequence[Instance], model: str | None) -> list[tuple[Instance, str]] | Reason:
    found = [(each, name) for each in pool if (name := model or each.default_model) is not None]
    return found or Reason.NO_MODEL
