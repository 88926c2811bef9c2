"""Where a request goes: a pure function of what was asked, what there is, and how it is doing."""

from __future__ import annotations

import difflib
from collections.abc import Container, Mapping, Sequence
from typing import Final

import attrs

from ...messages.errors import InvalidRequestError, NoRouteError, UnknownModelError, UnknownProviderError
from ...messages.routing import CircuitState, HealthChanged, Resolution, Route, Target
from .catalogue import Instance, family_of

# What a client writes when it leaves the choice to us.
_AUTOMATIC: Final = frozenset({None, "", "auto"})


@attrs.frozen(kw_only=True)
class Defaults:
    """What the settings say about requests that name nothing.

    Attributes:
        model: Model name, or None.
        provider: Provider or instance name, or None.
    """

    model: str | None = None
    provider: str | None = None


@attrs.frozen
class _Choice:
    targets: list[Target]
    strategy: str


@attrs.frozen
class _Rejection:
    """Why a target may not be used now, and until when: a monotonic moment, or None."""

    reason: str
    until: float | None


def decide(
    route: Route,
    instances: Sequence[Instance],
    health: Mapping[str, HealthChanged],
    defaults: Defaults,
    now: float,
    probed: Container[str] = frozenset(),
) -> Resolution:
    """Return the targets for a request, best first.

    An instance whose circuit is open is left out with the reason, and so is a model that its provider wants left alone for a while. One that is
    half open goes first for a single request, the probe, since only an answer can close its circuit; until that is back it goes last. Of several
    that serve the very model asked for, the healthiest goes first; defaults keep their order, since the settings meant it.

    Args:
        route: What was asked for.
        instances: All instances, in order of preference.
        health: The last word on each instance; one that was never mentioned is well.
        defaults: What the settings say.
        now: Monotonic moment.
        probed: Half-open instances whose probe is out.

    Raises:
        UnknownProviderError: No instance of that name.
        UnknownModelError: No instance is known to serve the model.
        InvalidRequestError: A provider was named that has no default model, and no model with it.
        NoRouteError: Targets exist, none may be used now; `retry_after` tells when one may.
    """
    choice = _chosen(route, instances, defaults)
    usable: list[Target] = []
    rejected: list[_Rejection] = []
    for target in choice.targets:
        rejection = _rejection(target, health.get(target.instance), now)
        if rejection is None:
            usable.append(target)
        else:
            rejected.append(rejection)
    reasons = tuple([rejection.reason for rejection in rejected])
    if not usable:
        raise _all_rejected(reasons, [each.until for each in rejected if each.until is not None], now)
    usable.sort(key=lambda target: _rank(target, health.get(target.instance), choice.strategy, probed))
    return Resolution(candidates=tuple(usable), strategy=choice.strategy, rejected=reasons)


def _rejection(target: Target, news: HealthChanged | None, now: float) -> _Rejection | None:
    if news is None:
        return None
    if news.state is CircuitState.OPEN:
        return _Rejection(f"{target}: {news.why_open}", news.retry_at)
    until = news.throttled.get(target.model) if news.throttled else None
    if until is None or until <= now:
        return None
    return _Rejection(f"{target}: rate limited for another {until - now:.1f} s", until)


def _rank(target: Target, news: HealthChanged | None, strategy: str, probed: Container[str]) -> tuple[int, float]:
    """Return the sort key of a target, lower first; equal keys keep their order."""
    if news is None:
        return 0, 0.0
    points = -news.adjustment if strategy == "explicit" else 0.0
    if news.state is not CircuitState.HALF_OPEN:
        return 0, points
    return (1 if target.instance in probed else -1), points


def _all_rejected(reasons: tuple[str, ...], moments: Sequence[float], now: float) -> NoRouteError:
    wait = max(0.0, min(moments) - now) if moments else None
    if not reasons:
        return NoRouteError(
            "no provider is configured: name one in the settings, or start a local one", retry_after=wait
        )
    return NoRouteError(f"no target may be used now: {'; '.join(reasons)}", reasons=reasons, retry_after=wait)


def _chosen(route: Route, instances: Sequence[Instance], defaults: Defaults) -> _Choice:
    if route.provider not in _AUTOMATIC or route.tier not in _AUTOMATIC:
        pool = _pinned(route, instances)
        return _Choice(_with_model(route, pool, route.model), "explicit")
    if route.model not in _AUTOMATIC:
        assert route.model is not None
        return _Choice(_serving(route.model, instances, defaults), "explicit")
    return _defaulted(instances, defaults)


def _pinned(route: Route, instances: Sequence[Instance]) -> list[Instance]:
    """Return the instances that the caller's provider and tier leave."""
    pool = list(instances)
    if route.provider not in _AUTOMATIC:
        pool = [each for each in pool if route.provider in (each.name, each.provider)]
        if not pool:
            names = [each.name for each in instances]
            raise UnknownProviderError(
                f"no provider {route.provider!r}; there are: {', '.join(names) or 'none'}", provider=route.provider
            )
    if route.tier not in _AUTOMATIC:
        pool = [each for each in pool if each.tier == route.tier]
        if not pool:
            raise NoRouteError(f"no provider in tier {route.tier!r}", reasons=(f"{route.tier}: tier unavailable",))
    return pool


def _with_model(route: Route, pool: Sequence[Instance], model: str | None) -> list[Target]:
    """Return one target per pinned instance: the model asked for, or each one's default."""
    if model not in _AUTOMATIC:
        assert model is not None
        # A pinned provider is believed to have the model unless its catalogue is known and says otherwise.
        able = [each for each in pool if not each.is_known or each.has(model)]
        if not able:
            raise _unknown_model(model, pool)
        return [_target(each, model) for each in able]
    targets = [_target(each, each.default_model) for each in pool if each.default_model is not None]
    if not targets:
        pinned = f"provider {route.provider!r}" if route.provider not in _AUTOMATIC else f"tier {route.tier!r}"
        raise InvalidRequestError(f"{pinned} has no default model: name a model", param="model")
    return targets


def _serving(model: str, instances: Sequence[Instance], defaults: Defaults) -> list[Target]:
    """Return a target for every instance that serves the model: by catalogue, by "instance/model", by family, or by default provider."""
    listed = [each for each in instances if each.has(model)]
    if listed:
        return [_target(each, model) for each in listed]
    named = [each for each in instances if model.startswith(f"{each.name}/")]
    if named:
        longest = max(named, key=lambda each: len(each.name))
        return _with_model(Route(provider=longest.name), [longest], model[len(longest.name) + 1 :])
    unknown = [each for each in instances if not each.is_known]
    family = family_of(model)
    for fits in (
        [each for each in unknown if each.kind == family],
        [each for each in unknown if defaults.provider in (each.name, each.provider)],
        [each for each in unknown if _may_serve(each, family)],
    ):
        if fits:
            return [_target(each, model) for each in fits]
    raise _unknown_model(model, instances)


# Families with model names of their own; the others (gateways, engines) may serve anything while their catalogue is unknown.
_NATURAL_HOMES: Final = frozenset({"openai", "anthropic", "gemini", "bedrock", "ollama", "demo"})


def _may_serve(instance: Instance, family: str | None) -> bool:
    """Whether an instance of unknown catalogue may have a model; Ollama's names need no tag, so a name of no family may be one of its own."""
    return instance.kind not in _NATURAL_HOMES or (instance.kind == "ollama" and family is None)


def _defaulted(instances: Sequence[Instance], defaults: Defaults) -> _Choice:
    """Return the settings' default first, then every other instance's own default model, so that a failure has somewhere to go."""
    first: list[Target] = []
    if defaults.provider is not None:
        first = _with_model(
            Route(provider=defaults.provider), _pinned(Route(provider=defaults.provider), instances), defaults.model
        )
    elif defaults.model is not None:
        first = _serving(defaults.model, instances, defaults)
    others = [_target(each, each.default_model) for each in instances if each.default_model is not None]
    strategy = "default" if first else "auto"
    return _Choice(list(dict.fromkeys([*first, *others])), strategy)


def _target(instance: Instance, model: str | None) -> Target:
    assert model is not None
    return Target(instance=instance.name, model=model, tier=instance.tier)


def _unknown_model(model: str, instances: Sequence[Instance]) -> UnknownModelError:
    known = sorted({name for each in instances for name in (*each.by_name, each.default_model or "")} - {""})
    close = difflib.get_close_matches(model, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return UnknownModelError(f"no provider serves model {model!r}{hint}", model=model)
