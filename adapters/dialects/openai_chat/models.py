"""The provider's catalogue."""

from __future__ import annotations

from ....messages.errors import ProviderError
from ..classify import classify_value
from ..json_text import read_provider_json
from .response import is_error


def parse_models(body: bytes) -> tuple[str, ...]:
    """Return the model names; some servers (Together) send the list alone, without an object around it.

    Raises:
        ProviderError: The body is not a catalogue.
        UpstreamError: It is an error object under status 200.
    """
    catalogue = read_provider_json(body)
    if isinstance(catalogue, dict):
        if is_error(catalogue):
            raise classify_value(catalogue)
        catalogue = catalogue.get("data")
    if not isinstance(catalogue, list):
        raise ProviderError("the provider's answer is not a list of models")
    names = [model.get("id") for model in catalogue if isinstance(model, dict)]
    return tuple([name for name in names if isinstance(name, str) and name])
