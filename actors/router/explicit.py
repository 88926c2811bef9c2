"""The targets that names mean: a provider's, a tier's, a model's."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

from ...messages.errors import InvalidRequestError, NoRouteError, UnknownModelError, UnknownProviderError
from ...messages.routing import Route
from .catalogue import Instance, family_of
from .policy import Defaults
from .question import AUTOMATIC
from .roster import Roster

# Families with model names of their own; the others (gateways, engines) may serve anything while their catalogue is unknown.
_NATURAL_HOMES: Final = frozenset({"openai", "anthropic", "gemini", "bedrock", "ollama", "demo"})


def named_targets(route: Route, roster: Roster) -> list[tuple[Instance, str]]:
    """Return the instances and models that a route names.

    Raises:
        UnknownProviderError: No instance of that name.
        UnknownModelError: No instance is known to serve the model.
        InvalidRequestError: A provider was named that has no default model, and no model with it.
        NoRouteError: The tier is empty.
    """
    if route.provider not in AUTOMATIC:
        return _with_model(route, _pinned(route, roster))
    policy = roster.policy
    pool = roster.instances if route.tier in AUTOMATIC else _pinned(route, roster)
    model = policy.model_of_tier(route.tier) if route.model in AUTOMATIC else route.model
    return _with_model(route, pool) if model is None else serving(model, pool, policy.defaults)


def _pinned(route: Route, roster: Roster) -> Sequence[Instance]:
    """Return the instances that the caller's provider and tier leave."""
    if route.provider in AUTOMATIC:
        assert route.tier is not None
        pool: Sequence[Instance] = roster.tier(route.tier)
    else:
        assert route.provider is not None
        pool = roster.named(route.provider)
        if not pool:
            raise _unknown_provider(route.provider, roster.instances)
        if route.tier not in AUTOMATIC:
            pool = [each for each in pool if each.tier == route.tier]
    if not pool:
        raise NoRouteError(f"no provider in tier {route.tier!r}", reasons=(f"{route.tier}: tier unavailable",))
    return pool


def _with_model(route: Route, pool: Sequence[Instance]) -> list[tuple[Instance, str]]:
    """Return one target per pinned instance: the model asked for, or each one's default."""
    if route.model not in AUTOMATIC:
        assert route.model is not None
        return _having(route.model, pool)
    targets = [(each, each.default_model) for each in pool if each.default_model is not None]
    if not targets:
        pinned = f"provider {route.provider!r}" if route.provider not in AUTOMATIC else f"tier {route.tier!r}"
        raise InvalidRequestError(f"{pinned} has no default model: name a model", param="model")
    return targets


def _having(model: str, pool: Sequence[Instance]) -> list[tuple[Instance, str]]:
    # A pinned provider is believed to have the model unless its catalogue is known and says otherwise.
    able = [(each, model) for each in pool if not each.is_known or each.has(model)]
    if not able:
        raise _unknown_model(model, pool)
    return able


def serving(model: str, instances: Sequence[Instance], defaults: Defaults) -> list[tuple[Instance, str]]:
    """Return a target for every instance that serves the model: by catalogue, by "instance/model", by family, or by default provider.

    Raises:
        UnknownModelError: None does.
        InvalidRequestError: It names an instance without a default model, and no model behind it.
    """
    listed = [(each, model) for each in instances if each.has(model)]
    if listed:
        return listed
    named = [each for each in instances if model.startswith(f"{each.name}/")]
    if named:
        longest = max(named, key=lambda each: len(each.name))
        return _with_model(Route(provider=longest.name, model=model[len(longest.name) + 1 :]), [longest])
    unknown = [each for each in instances if not each.is_known]
    family = family_of(model)
    for fits in (
        [each for each in unknown if each.kind == family],
        [each for each in unknown if defaults.provider in (each.name, each.provider)],
        [each for each in unknown if _may_serve(each, family)],
    ):
        if fits:
            return [(each, model) for each in fits]
    raise _unknown_model(model, instances)


def _may_serve(instance: Instance, family: str | None) -> bool:
    """Whether an instance of unknown catalogue may have a model; Ollama's names need no tag, so a name of no family may be one of its own."""
    return instance.kind not in _NATURAL_HOMES or (instance.kind == "ollama" and family is None)


def _unknown_provider(provider: str, instances: Iterable[Instance]) -> UnknownProviderError:
    names = ", ".join(each.name for each in instances) or "none"
    return UnknownProviderError(f"no provider {provider!r}; there are: {names}", provider=provider)


def _unknown_model(model: str, instances: Iterable[Instance]) -> UnknownModelError:
    known = sorted({name for each in instances for name in (*each.by_name, each.default_model or "")} - {""})
    close = difflib.get_close_matches(model, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return UnknownModelError(f"no provider serves model {model!r}{hint}", model=model)
