"""Ollama's embeddings, `/api/embed` and the older `/api/embeddings`, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Usage
from ....messages.embedding import EmbedAnswer, EmbedBatch, EmbedRequest, EmbedResponse
from ....messages.errors import InvalidRequestError, LegionError, ProviderError, UnsupportedCapability
from .. import fields
from ..classify import classify_value
from ..json_text import read_client_object, read_provider_object, write_json
from ..protocol import DialectOptions, WireRequest
from ..vectors import vectors_of
from .errors import render_error
from .request import KEEP, KEPT, OPTIONS
from .response import text_of, usage_of

NAME: Final = "ollama.embed"
PATH: Final = "/api/embed"

_KNOWN: Final = frozenset({"model", "input", "prompt", "dimensions", "truncate"})
_MOST_INPUTS: Final = 2048


class OllamaEmbed:
    """Both halves; implements `EmbeddingDialect` and `ServedEmbeddings`.

    Args:
        is_old: Speak the older route to clients: one "prompt", one "embedding".
    """

    name = NAME

    def __init__(self, *, is_old: bool = False) -> None:
        self._is_old = is_old

    # -- the provider's half --

    def render_embed(self, batch: EmbedBatch, model: str, options: DialectOptions) -> WireRequest:
        """See `EmbeddingDialect`. Ollama would cut what is too long without a word: it is told not to."""
        if not all(isinstance(each, str) for each in batch.inputs):
            raise UnsupportedCapability("ollama embeds text, no tokens of another model", capability="token_input")
        body: dict[str, Any] = {"model": model, "input": list(batch.inputs), "truncate": False}
        if batch.dimensions is not None:
            body["dimensions"] = batch.dimensions
        settings: dict[str, Any] = {}
        is_own = batch.dialect in (None, NAME)
        lost = [] if is_own else [f"{key} was left out: {NAME} has no such parameter" for key in batch.extra]
        said = dict(batch.extra) if is_own else {}
        if batch.dialect is not None and said.pop(KEEP, None) is not None:
            lost.append(KEPT)
        for key, value in {**said, **options.extra_body}.items():
            if key in OPTIONS:
                settings[key] = value
            elif key == "options" and isinstance(value, Mapping):
                settings.update(value)
            elif key == KEEP or key in batch.extra:
                body[key] = value  # all else that the settings add is about chats
        if settings:
            body["options"] = settings
        return WireRequest(path=PATH, body=write_json(body), warnings=tuple(lost))

    def parse_embed(self, body: bytes) -> EmbedAnswer:
        """See `EmbeddingDialect`."""
        answer = read_provider_object(body)
        if answer.get("error"):
            raise classify_value(answer)
        vectors = vectors_of(answer["embeddings"] if "embeddings" in answer else answer.get("embedding"))
        usage = usage_of(answer) if "prompt_eval_count" in answer else Usage(source="partial")
        return EmbedAnswer(vectors=vectors, model=text_of(answer, "model"), usage=usage)

    # -- the server's half --

    def parse_embed_request(self, body: bytes) -> EmbedRequest:
        """See `ServedEmbeddings`."""
        fields_ = read_client_object(body)
        model = fields.required_text(fields_, "model")
        return EmbedRequest(
            inputs=_prompt(fields_) if self._is_old else _inputs(fields_),
            model=None if model == "auto" else model,
            dimensions=fields.integer(fields_, "dimensions", lowest=1),
            is_plain=model != "auto",
            may_split=False if fields.boolean(fields_, "truncate") is False else None,
            dialect=NAME,
            extra=fields.rest(fields_, _KNOWN),
        )

    def render_embed_response(self, response: EmbedResponse, request: EmbedRequest) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedEmbeddings`."""
        if self._is_old:
            return write_json({"embedding": response.vector}, ProviderError)
        took = 0 if response.routing is None else int(response.routing.latency_ms * 1_000_000)
        answer = {
            "model": response.model,
            "embeddings": response.vectors,
            "total_duration": took,
            "load_duration": 0,
            "prompt_eval_count": response.usage.input_tokens,
        }
        return write_json(answer, ProviderError)

    def render_error(self, error: LegionError) -> bytes:
        """See `ServedEmbeddings`."""
        return render_error(error)


def _prompt(body: fields.JsonObject) -> tuple[str, ...]:
    return (fields.required_text(body, "prompt"),)


def _inputs(body: fields.JsonObject) -> tuple[str, ...]:
    given = body.get("input")
    if given is None:
        raise fields.missing("input")
    if isinstance(given, str):
        return (fields.required_text(body, "input"),)
    if not isinstance(given, list):
        fields.refuse("input", "a string or an array of strings", given)
    if not 1 <= len(given) <= _MOST_INPUTS:
        raise InvalidRequestError(f"input must hold 1 to {_MOST_INPUTS} texts, not {len(given)}", param="input")
    for number, each in enumerate(given):
        if not isinstance(each, str):
            fields.refuse(f"input.{number}", "a string", each)
        if not each:
            raise InvalidRequestError(f"input.{number} must not be an empty string", param=f"input.{number}")
    return tuple(given)
