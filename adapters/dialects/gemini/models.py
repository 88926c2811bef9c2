"""The provider's catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.errors import ProviderError
from ..classify import classify_value
from ..json_text import read_provider_object

_USEFUL: Final = frozenset({"generateContent", "embedContent", "batchEmbedContents"})


def parse_models(body: bytes) -> tuple[str, ...]:
    """Return the names of the models that chat or embed, without "models/"; those that only draw or only stream speech are none of ours.

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
    named = [model for model in models if isinstance(model, dict) and isinstance(model.get("name"), str)]
    return tuple([model["name"].removeprefix("models/") for model in named if model["name"] and _is_useful(model)])


def _is_useful(model: Mapping[str, Any]) -> bool:
    methods = model.get("supportedGenerationMethods")
    return not isinstance(methods, list) or any(method in _USEFUL for method in methods if isinstance(method, str))
