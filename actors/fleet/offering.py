"""What a worker offers: of all that its own house could do, what others may ask it for."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ...messages.catalogue import ModelFacts
from ...messages.chat import ModelInfo, ProviderInfo
from ...messages.fleet import OfferedModel
from ...messages.routing import CircuitState
from ...messages.target import Target
from .naming import Naming


@attrs.frozen(kw_only=True)
class Offering:
    """What a worker offers now.

    Attributes:
        models: As it is announced.
        targets: Where it is done, by model and instance, in order of preference.
    """

    models: tuple[OfferedModel, ...] = ()
    targets: tuple[Target, ...] = ()

    @property
    def lanes(self) -> frozenset[str]:
        """All lanes in which requests are taken."""
        return frozenset(lane for model in self.models for lane in model.lanes)

    def target_for(self, model: str, instance: str | None) -> Target | None:
        """Return where a request is done, or None where the model is not offered."""
        return next((each for each in self.targets if each.model == model and instance in (None, each.instance)), None)


def offering_of(
    models: Iterable[ModelInfo], providers: Iterable[ProviderInfo], naming: Naming, tiers: frozenset[str]
) -> Offering:
    """Return what to offer: the models of all instances in these tiers that take requests now."""
    kinds = {
        each.name: each.kind
        for each in providers
        if each.tier in tiers and each.state != CircuitState.OPEN and each.stage.is_routable
    }
    offered = []
    targets = []
    for each in models:
        kind = kinds.get(each.provider)
        if kind is None:
            continue  # its circuit is open, it runs elsewhere, or it is an alias and nobody's model
        lanes = naming.offered(_facts(each), each.provider, kind)
        if lanes:
            offered.append(OfferedModel(facts=_facts(each), instance=each.provider, kind=kind, lanes=lanes))
            targets.append(Target(instance=each.provider, model=each.id, tier=each.tier))
    return Offering(models=tuple(offered), targets=tuple(targets))


def _facts(model: ModelInfo) -> ModelFacts:
    return ModelFacts(
        name=model.id,
        can=frozenset(model.capabilities),
        context_window=model.context_window,
        size_bytes=model.size_bytes,
        loaded=model.loaded,
        family=model.family,
        created=model.created,
    )
