"""Answers, both ways."""

from __future__ import annotations

from typing import Any

from ....messages.chat import Usage
from ....messages.embedding import EmbedAnswer, EmbedRequest, EmbedResponse
from ....messages.errors import ProviderError
from ..classify import classify_value
from ..json_text import read_provider_json, write_json
from ..openai_chat.response import is_error
from ..openai_chat.usage import parse_usage
from ..vectors import to_base64, vector_of, vectors_of
from .words import ENCODING


def parse_response(body: bytes) -> EmbedAnswer:
    """Return the vectors in the order of the inputs; some servers send the bare list of them.

    Raises:
        ProviderError: The body is not an answer.
        UpstreamError: It is an error object under status 200.
    """
    answer = read_provider_json(body)
    if isinstance(answer, list):
        return EmbedAnswer(vectors=vectors_of(answer))
    if not isinstance(answer, dict):
        raise ProviderError("the provider's answer is neither an object nor a list of vectors")
    if is_error(answer):
        raise classify_value(answer)
    data = answer.get("data")
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise ProviderError("the provider's answer holds no list of embeddings")
    model = answer.get("model")
    return EmbedAnswer(
        vectors=tuple([vector_of(item.get("embedding")) for item in _in_order(data)]),
        model=model if isinstance(model, str) else "",
        usage=_usage(answer.get("usage")),
    )


def _in_order(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the items by their index; a server that numbers none, or all alike, is believed to have kept the order."""
    numbers = [item.get("index") for item in data]
    if numbers == list(range(len(data))) or len(set(map(str, numbers))) == 1:
        return data
    by_number = {number: item for number, item in zip(numbers, data, strict=True) if type(number) is int}
    if by_number.keys() != set(range(len(data))):
        raise ProviderError(f"the embeddings of the provider's answer are not numbered from 0 to {len(data) - 1}")
    return [by_number[number] for number in range(len(data))]


def _usage(value: Any) -> Usage:
    """Return the tokens; an answer without a word of them is not one of zero tokens."""
    usage = parse_usage(value)
    return usage if usage.total_tokens else Usage(source="partial")


def render_response(response: EmbedResponse, request: EmbedRequest) -> bytes:
    """Return the answer as JSON bytes, vectors in the form that was asked for.

    Raises:
        EmbeddingUnavailableError: An input has no vector, which this dialect cannot say.
    """
    is_base64 = request.extra.get(ENCODING) == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": to_base64(vector) if is_base64 else vector}
        for index, vector in enumerate(response.vectors)
    ]
    tokens = response.usage.input_tokens
    usage = {"prompt_tokens": tokens, "total_tokens": response.usage.total_tokens}
    return write_json({"object": "list", "data": data, "model": response.model, "usage": usage}, ProviderError)
