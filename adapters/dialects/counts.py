"""The length of a prompt, as providers answer when they are asked for it."""

from __future__ import annotations

from ...messages.errors import ProviderError
from .classify import classify_value
from .json_text import read_provider_object


def counted(body: bytes, key: str) -> int:
    """Return the number of tokens that an answer holds under `key`.

    Raises:
        ProviderError: The body is no count.
        UpstreamError: It is an error object under status 200.
    """
    answer = read_provider_object(body)
    if answer.get("error") or "error" in (answer.get("type"), answer.get("object")):
        raise classify_value(answer)
    tokens = answer.get(key)
    if type(tokens) is not int or tokens < 0:
        raise ProviderError(f"the provider's answer holds no number of tokens ({key})")
    return tokens
