"""The provider's catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.catalogue import Capability, ModelFacts
from ....messages.errors import ProviderError
from ..catalogue_fields import count, facts_of_all, split, words
from ..classify import classify_value
from ..json_text import read_provider_object

_CHATS: Final = "generatecontent"
_EMBEDS: Final = frozenset({"embedcontent", "batchembedcontents"})
_PREFIX: Final = "models/"


def parse_models(body: bytes) -> tuple[ModelFacts, ...]:
    """Return the models that chat or embed, named without "models/"; those that only draw or only stream speech are none of ours.

    Raises:
        ProviderError: The body is not a catalogue.
        UpstreamError: It is an error object under status 200.
    """
    catalogue = read_provider_object(body)
    if catalogue.get("error"):
        raise classify_value(catalogue)
    models = catalogue.get("models")
    if not isinstance(models, list):
        raise ProviderError("the provider's answer is not a list of models")
    return facts_of_all([_unprefixed(each) for each in models if _is_useful(each)], _facts)


def _is_useful(entry: Any) -> bool:
    methods = words(entry.get("supportedGenerationMethods")) if isinstance(entry, Mapping) else None
    return methods is None or bool(methods & {_CHATS, *_EMBEDS})


def _unprefixed(entry: Any) -> Any:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return {**entry, "name": name.removeprefix(_PREFIX)} if isinstance(name, str) else entry


def _facts(name: str, entry: Mapping[str, Any]) -> ModelFacts:
    methods = words(entry.get("supportedGenerationMethods"))
    thinks = entry.get("thinking")
    chats = None if methods is None else _CHATS in methods
    can, cannot = split(
        {
            Capability.CHAT: chats,
            Capability.STREAM: chats,
            Capability.EMBED: None if methods is None else bool(methods & _EMBEDS),
            Capability.THINKING: thinks if isinstance(thinks, bool) else None,
        }
    )
    return ModelFacts(
        name=name,
        can=can,
        cannot=cannot,
        context_window=count(entry.get("inputTokenLimit")),
        max_output=count(entry.get("outputTokenLimit")),
    )
