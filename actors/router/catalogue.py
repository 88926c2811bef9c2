"""What can be asked for: the instances as configured, and the models each is known to have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from ...messages.catalogue import CatalogueChanged, CatalogueState, ModelFacts, as_facts

# What these say about an instance is all there is to say: a model that they do not list is not there.
_COMPLETE: Final = frozenset({CatalogueState.FRESH, CatalogueState.STALE, CatalogueState.EMPTY})


@attrs.frozen(kw_only=True)
class Instance:
    """One provider instance, as the router needs to know it.

    Attributes:
        name: Unique name ("openai/eu").
        provider: Provider it belongs to ("openai").
        kind: Family.
        default_model: Model for requests that name none, or None.
        models: What is known of its models, or None while nothing is; a bare name is a model of which nothing else is known.
        is_here: Whether it runs on this machine, so that its models take this machine's memory.
        is_complete: Whether `models` are all it has, so that it can be believed not to have another one.
        continues: Whether its models go on with an answer that another one began.
        by_name: `models` by their names.
    """

    name: str
    provider: str
    kind: str
    tier: str
    default_model: str | None = None
    models: tuple[ModelFacts, ...] | None = attrs.field(default=None, converter=attrs.converters.optional(as_facts))
    is_here: bool = False
    is_complete: bool = True
    continues: bool = False
    by_name: Mapping[str, ModelFacts] = attrs.field(init=False, eq=False, repr=False)

    @by_name.default
    def _index(self) -> Mapping[str, ModelFacts]:
        return MappingProxyType({each.name: each for each in self.models or ()})

    @property
    def is_known(self) -> bool:
        """Whether it is known which models it has, and which it has not."""
        return self.models is not None and self.is_complete

    def has(self, model: str) -> bool:
        """Whether it is known to serve the model; a name without a tag means the latest, as Ollama reads it ("qwen3" is "qwen3:latest")."""
        return self._names(model) or (":" not in model and self._names(f"{model}:latest"))

    def facts_of(self, model: str) -> ModelFacts | None:
        """Return what is known of one of its models, or None."""
        return self.by_name.get(model) or self.by_name.get(f"{model}:latest")

    def told(self, news: CatalogueChanged) -> Instance:
        """Return the instance as it is after the news of its catalogue."""
        if news.state is CatalogueState.NEVER_FETCHED:
            return self
        # Who was never reached has told nothing: what the settings say of it stands.
        models = news.models or self.models if news.state is CatalogueState.UNREACHABLE else news.models
        return attrs.evolve(self, models=models, is_complete=news.state in _COMPLETE)

    def _names(self, model: str) -> bool:
        return model == self.default_model or model in self.by_name


# Natural homes of model names, for models that no catalogue lists. First match counts.
_FAMILIES: Final = (
    (re.compile(r"(us|eu|apac|global)\.|(anthropic|meta|mistral|cohere|amazon|ai21)\."), "bedrock"),
    (re.compile(r"gpt-|chatgpt-|o[134](-|$)"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"gemini-"), "gemini"),
    (re.compile(r".*[:/]"), "ollama"),
)


def family_of(model: str) -> str | None:
    """Return the provider family that a model name speaks of, or None."""
    return next((family for pattern, family in _FAMILIES if pattern.match(model)), None)
