"""The provider's catalogue: models, and the inference profiles through which the newer of them must be called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from ....messages.catalogue import Capability, ModelFacts
from ....messages.errors import ProviderError
from ..catalogue_fields import facts_of_all, split, words
from ..json_text import read_provider_object

_ON_DEMAND: Final = "on_demand"
_USEFUL: Final = frozenset({"text", "embedding"})


@attrs.frozen
class Listed:
    """What the list of models says.

    Attributes:
        callable: Models that can be called by their own ids.
        every: All of them by their ids, also those that need a profile.
    """

    callable: tuple[ModelFacts, ...]
    every: Mapping[str, ModelFacts]


def parse_models(body: bytes) -> tuple[ModelFacts, ...]:
    """Return the models that can be called by their own ids.

    Raises:
        ProviderError: The body is not a catalogue.
    """
    return parse_listed(body).callable


def parse_listed(body: bytes) -> Listed:
    """Return the models that chat or embed.

    Raises:
        ProviderError: The body is not a catalogue.
    """
    entries = [_named(each, "modelId") for each in _entries(body, "modelSummaries") if _is_useful(each)]
    every = facts_of_all(entries, _facts)
    on_demand = {entry["id"] for entry in entries if entry is not None and _is_on_demand(entry)}
    return Listed(
        callable=tuple([each for each in every if each.name in on_demand]), every={each.name: each for each in every}
    )


def parse_profiles(body: bytes, models: Mapping[str, ModelFacts]) -> tuple[ModelFacts, ...]:
    """Return the inference profiles, each with what is known of the model behind it.

    Args:
        body: The list.
        models: All models by their ids.

    Raises:
        ProviderError: The body is no such list.
    """

    def facts(name: str, entry: Mapping[str, Any]) -> ModelFacts:
        behind = models.get(_model_behind(entry))
        return ModelFacts(name=name) if behind is None else attrs.evolve(behind, name=name)

    entries = _entries(body, "inferenceProfileSummaries")
    return facts_of_all([_named(each, "inferenceProfileId") for each in entries], facts)


def _entries(body: bytes, key: str) -> Iterable[Any]:
    entries = read_provider_object(body).get(key)
    if not isinstance(entries, list):
        raise ProviderError("the provider's answer is not a list of models")
    return entries


def _named(entry: Any, key: str) -> dict[str, Any] | None:
    name = entry.get(key) if isinstance(entry, Mapping) else None
    return {**entry, "id": name} if isinstance(name, str) else None


def _is_useful(entry: Any) -> bool:
    outputs = words(entry.get("outputModalities")) if isinstance(entry, Mapping) else None
    return outputs is None or bool(outputs & _USEFUL)


def _is_on_demand(entry: Mapping[str, Any]) -> bool:
    types = words(entry.get("inferenceTypesSupported"))
    return types is None or _ON_DEMAND in types


def _model_behind(entry: Mapping[str, Any]) -> str:
    """Return the id of the model that a profile leads to: the end of its ARN."""
    models = entry.get("models")
    first = models[0] if isinstance(models, list) and models else None
    arn = first.get("modelArn") if isinstance(first, Mapping) else None
    return arn.rpartition("/")[2] if isinstance(arn, str) else ""


def _facts(name: str, entry: Mapping[str, Any]) -> ModelFacts:
    inputs, outputs = words(entry.get("inputModalities")), words(entry.get("outputModalities"))
    streams = entry.get("responseStreamingSupported")
    can, cannot = split(
        {
            Capability.CHAT: None if outputs is None else "text" in outputs,
            Capability.EMBED: None if outputs is None else "embedding" in outputs,
            Capability.VISION: None if inputs is None else "image" in inputs,
            Capability.STREAM: streams if isinstance(streams, bool) else None,
        }
    )
    return ModelFacts(name=name, can=can, cannot=cannot)
