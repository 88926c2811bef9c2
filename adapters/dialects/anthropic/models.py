"""The provider's catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.catalogue import Capability, ModelFacts
from ....messages.errors import ProviderError
from ..catalogue_fields import count, facts_of_all, moment, section, split
from ..classify import classify_value
from ..json_text import read_provider_object

_CAPABILITIES: Final[Mapping[Capability, str]] = {
    Capability.VISION: "image_input",
    Capability.DOCUMENTS: "pdf_input",
    Capability.STRUCTURED: "structured_outputs",
    Capability.THINKING: "thinking",
}
# Whatever Anthropic lists answers messages, in a stream too, and takes tools.
_COMMON: Final = frozenset({Capability.CHAT, Capability.STREAM, Capability.TOOLS})


def parse_models(body: bytes) -> tuple[ModelFacts, ...]:
    """Return the models, without those that are retired: requests that name one fail.

    Raises:
        ProviderError: The body is not a catalogue.
        UpstreamError: It is an error object under status 200.
    """
    catalogue = read_provider_object(body)
    if catalogue.get("type") == "error":
        raise classify_value(catalogue)
    models = catalogue.get("data")
    if not isinstance(models, list):
        raise ProviderError("the provider's answer is not a list of models")
    return facts_of_all([each for each in models if not _is_retired(each)], _facts)


def _is_retired(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get("lifecycle") == "retired"


def _facts(name: str, entry: Mapping[str, Any]) -> ModelFacts:
    stated = section(entry, "capabilities")
    can, cannot = split({each: section(stated, key).get("supported") for each, key in _CAPABILITIES.items()})
    return ModelFacts(
        name=name,
        can=can | _COMMON,
        cannot=cannot,
        context_window=count(entry.get("max_input_tokens")),
        max_output=count(entry.get("max_tokens")),
        created=moment(entry.get("created_at")),
    )
