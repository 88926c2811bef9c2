"""The provider's catalogue."""

from __future__ import annotations

from ....messages.errors import ProviderError
from ..classify import classify_value
from ..json_text import read_provider_object


def parse_models(body: bytes) -> tuple[str, ...]:
    """Return the model names.

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
    names = [model.get("id") for model in models if isinstance(model, dict)]
    return tuple([name for name in names if isinstance(name, str) and name])
