"""From the arguments of `legion.structured()` to a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...messages.chat import ChatMessage, Request, ResponseFormat
from ...messages.errors import InvalidRequestError
from ..host_request import host_request
from ..schemas.of_type import schema_of

_MOST_RETRIES = 10


def structured_request(
    messages: str | Iterable[ChatMessage | Mapping[str, Any]],
    schema: Any,
    *,
    strict: bool | None,
    max_retries: int | None,
    parameters: Mapping[str, Any],
) -> Request:
    """Return the request that a host's call describes; the arguments are those of `Legion.structured`.

    Raises:
        InvalidRequestError: They make no request; `param` names the one at fault.
    """
    if max_retries is not None and (type(max_retries) is not int or not 0 <= max_retries <= _MOST_RETRIES):
        raise InvalidRequestError(f"max_retries must be 0 to {_MOST_RETRIES}, got {max_retries!r}", param="max_retries")
    if "response_format" in parameters:
        raise InvalidRequestError(
            "the schema says what the answer looks like: leave response_format out", param="response_format"
        )
    if parameters.get("stream"):
        raise InvalidRequestError("data comes whole: it cannot be streamed", param="stream")
    shape = ResponseFormat(type="json_schema", schema=schema_of(schema), strict=strict)
    message, conversation = (messages, None) if isinstance(messages, str) else (None, messages)
    return host_request(message, conversation, {**parameters, "response_format": shape})
