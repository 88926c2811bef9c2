"""Which model of which instance makes the vectors: a pure function of the request, the settings and the catalogues."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Final

import attrs

from ...messages.chat import ModelInfo
from ...messages.embedding import EmbedRequest
from ...messages.errors import (
    EmbeddingUnavailableError,
    LegionError,
    PrivacyModeError,
    UnknownModelError,
    UnknownProviderError,
)
from ...messages.routing import Target
from ...messages.settings import EmbeddingSettings
from .models import GATEWAYS, USUAL_MODELS, homes_of, is_embedding_model

_AUTOMATIC: Final = frozenset({None, "", "auto"})
_TIERS: Final = ("local", "fleet", "openai_compat", "cloud", "frontier")

# Model names by instance; an instance that is not in it has not been asked yet.
Catalogues = Mapping[str, frozenset[str]]


@attrs.frozen(kw_only=True)
class Source:
    """A provider instance that may be asked.

    Attributes:
        name: Its unique name ("openai/eu").
        provider: Provider it belongs to.
        kind: Family.
        default_model: Its model for chats, which the router lists whether the instance has shown its catalogue or not.
        is_listed: Whether the settings state its catalogue.
    """

    name: str
    provider: str
    kind: str
    tier: str
    default_model: str | None = None
    is_listed: bool = False


def catalogues_of(models: Iterable[ModelInfo], sources: Iterable[Source]) -> Catalogues:
    """Return what the instances are known to have, from what the router lists."""
    listed: dict[str, set[str]] = {}
    for model in models:
        listed.setdefault(model.provider, set()).add(model.id)
    return {
        each.name: frozenset(known)
        for each in sources
        if (known := listed.get(each.name)) and (each.is_listed or known != {each.default_model})
    }


def choose_targets(
    request: EmbedRequest,
    sources: Sequence[Source],
    catalogues: Catalogues,
    settings: EmbeddingSettings,
    closed: Container[str] = frozenset(),
) -> tuple[Target, ...]:
    """Return whom to ask, first choice first; each is asked for all the vectors or for none.

    A request that names a model stays with that model, whichever instances serve it: another model's vectors cannot be compared with those that the
    caller has already. One that names nothing goes to the setting `embedding.provider`, then along `embedding.provider_fallback`, then to whoever
    lists a model for embeddings, near before far. The default provider of chats has no say.

    Args:
        request: What is asked.
        sources: All instances that are switched on, in order of preference.
        catalogues: What they are known to have.
        settings: The section `embedding`.
        closed: Tiers that privacy or a rule's constraint forbids.

    Raises:
        UnknownProviderError: The request names a provider that is not there, or is switched off.
        UnknownModelError: It names a model that nobody serves.
        PrivacyModeError: It is private, and only providers outside could answer.
        EmbeddingUnavailableError: Nobody can make vectors.
    """
    choice = _Choice(catalogues, settings)
    pool = [
        each
        for each in sources
        if request.provider in (*_AUTOMATIC, each.name, each.provider) and request.tier in (None, each.tier)
    ]
    if not pool and request.provider not in _AUTOMATIC and request.tier is None:
        known = ", ".join(each.name for each in sources) or "none"
        raise UnknownProviderError(f"no provider {request.provider!r}; there are {known}", provider=request.provider)
    if request.model not in _AUTOMATIC:
        assert request.model is not None
        targets = choice.serving(request.model, pool)
    elif request.provider not in _AUTOMATIC:
        targets = choice.usual(pool)
    else:
        targets = choice.in_turn(pool)
    if not targets:
        raise _nobody(request, pool)
    return _permitted(request, targets, closed)


class _Choice:
    """The rules, over one state of things."""

    def __init__(self, catalogues: Catalogues, settings: EmbeddingSettings) -> None:
        self._catalogues = catalogues
        self._settings = settings

    def serving(self, model: str, pool: Sequence[Source]) -> list[Target]:
        """Return the instances that serve a model: named in it, by catalogue, by setting, else by what the name says."""
        named = [each for each in pool if model.startswith(f"{each.name}/")]
        if named:
            owner = max(named, key=lambda each: len(each.name))
            return [_target(owner, model[len(owner.name) + 1 :])]
        homes = homes_of(model)
        ways: tuple[Callable[[Source], bool], ...] = (
            lambda each: self._lists(each, model) or self._usual_model(each) == model,
            # A vendor's catalogue may leave out what it takes for no model to chat with.
            lambda each: each.kind in homes,
            lambda each: not homes and each.kind in GATEWAYS and each.name not in self._catalogues,
        )
        for fits in ways:
            found = [_target(each, model) for each in pool if fits(each)]
            if found:
                return found
        return []

    def usual(self, pool: Iterable[Source]) -> list[Target]:
        """Return each instance with its usual model."""
        return [_target(each, model) for each in pool if (model := self._usual_model(each)) is not None]

    def in_turn(self, pool: Sequence[Source]) -> list[Target]:
        """Return the whole chain."""
        settings = self._settings
        first: list[Target] = []
        if settings.provider is not None:
            mine = [each for each in pool if settings.provider in (each.name, each.provider)]
            first = (
                [_target(each, settings.default_model) for each in mine] if settings.default_model else self.usual(mine)
            )
        elif settings.default_model is not None:
            first = self.serving(settings.default_model, pool)
        listed = [each for name in settings.provider_fallback for each in pool if name in (each.name, each.provider)]
        near_first = sorted((each for each in pool if self._advertises(each)), key=lambda each: _TIERS.index(each.tier))
        return list(dict.fromkeys([*first, *self.usual(listed), *self.usual(near_first)]))

    def _usual_model(self, source: Source) -> str | None:
        assigned = self._settings.provider_models
        model = assigned.get(source.name) or assigned.get(source.provider)
        if model is not None:
            return model
        known = self._catalogues.get(source.name)
        if source.kind == "ollama":
            preferred = self._settings.ollama_preferred
            return next((each for each in preferred if known is None or _has(known, each)), None)
        return USUAL_MODELS.get(source.kind) or next(
            (each for each in sorted(known or ()) if is_embedding_model(each)), None
        )

    def _advertises(self, source: Source) -> bool:
        known = self._catalogues.get(source.name, frozenset())
        assigned = self._settings.provider_models
        return (
            source.kind == "demo"
            or source.name in assigned
            or source.provider in assigned
            or any(is_embedding_model(each) for each in known)
        )

    def _lists(self, source: Source, model: str) -> bool:
        return _has(self._catalogues.get(source.name, frozenset()), model)


def _has(known: frozenset[str], model: str) -> bool:
    # Ollama tags its models; a name without a tag means the latest.
    return model in known or (":" not in model and f"{model}:latest" in known)


def _target(source: Source, model: str) -> Target:
    return Target(instance=source.name, model=model, tier=source.tier)


def _permitted(request: EmbedRequest, targets: list[Target], closed: Container[str]) -> tuple[Target, ...]:
    allowed = request.allowed_models
    if allowed is not None:
        targets = [each for each in targets if any(fnmatch.fnmatchcase(each.model, pattern) for pattern in allowed)]
        if not targets:
            raise EmbeddingUnavailableError(f"no embedding model is allowed by {', '.join(allowed)}")
    permitted = tuple([each for each in targets if each.tier not in closed])
    if not permitted:
        tried = ", ".join(map(str, targets))
        raise PrivacyModeError(f"the texts must stay inside, and only {tried} could embed them")
    return permitted


def _nobody(request: EmbedRequest, pool: Sequence[Source]) -> LegionError:
    if request.model not in _AUTOMATIC:
        return UnknownModelError(f"no provider serves the embedding model {request.model!r}", model=request.model)
    if request.provider not in _AUTOMATIC and pool:
        provider = pool[0].provider
        return EmbeddingUnavailableError(
            f"{request.provider} has no embedding model that is known: name one, or set embedding.provider_models.{provider}"
        )
    return EmbeddingUnavailableError(
        "no provider that can make embeddings is configured or was found: configure openai, azure, gemini or bedrock, pull one of "
        "embedding.ollama_preferred, or set embedding.provider and embedding.provider_models"
    )
