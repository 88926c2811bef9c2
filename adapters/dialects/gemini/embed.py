"""Gemini's embeddings, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Usage
from ....messages.embedding import EmbedAnswer, EmbedBatch, EmbedInput, EmbedRequest, EmbedResponse, EmbedTask
from ....messages.errors import InvalidRequestError, LegionError, ProviderError, UnsupportedCapability
from .. import fields
from ..classify import classify_value
from ..json_text import read_client_object, read_provider_object, write_json
from ..protocol import DialectOptions, WireRequest
from ..vectors import vector_of
from .errors import render_error
from .spelling import camelled
from .words import AUTO, embed_path, resource_of

NAME: Final = "gemini.embed"

_MOST_INPUTS: Final = 2048
_TASKS: Final[Mapping[EmbedTask, str]] = {"document": "RETRIEVAL_DOCUMENT", "query": "RETRIEVAL_QUERY"}
_TASKS_READ: Final[Mapping[str, EmbedTask]] = {word: task for task, word in _TASKS.items()}
_KNOWN: Final = frozenset({"content", "model", "outputDimensionality"})


class GeminiEmbed:
    """The provider's half; implements `EmbeddingDialect`."""

    name = NAME

    def render_embed(self, batch: EmbedBatch, model: str, options: DialectOptions) -> WireRequest:  # noqa: ARG002 - the protocol has it
        """See `EmbeddingDialect`. What the settings add to bodies is about chats."""
        is_own = batch.dialect in (None, NAME)
        shared: dict[str, Any] = {**batch.extra} if is_own else {}
        shared["model"] = resource_of(model)
        if batch.task is not None:
            shared["taskType"] = _TASKS[batch.task]
        if batch.dimensions is not None:
            shared["outputDimensionality"] = batch.dimensions
        requests = [{**shared, "content": {"parts": [{"text": _text(each)}]}} for each in batch.inputs]
        lost = () if is_own else [f"{key} was left out: {NAME} has no such parameter" for key in batch.extra]
        return WireRequest(path=embed_path(model), body=write_json({"requests": requests}), warnings=tuple(lost))

    def parse_embed(self, body: bytes) -> EmbedAnswer:
        """See `EmbeddingDialect`."""
        answer = read_provider_object(body)
        if answer.get("error"):
            raise classify_value(answer)
        made = answer.get("embeddings")
        if not isinstance(made, list) or not all(isinstance(each, dict) for each in made):
            raise ProviderError("the provider's answer holds no list of embeddings")
        return EmbedAnswer(vectors=tuple([vector_of(each.get("values")) for each in made]), usage=_usage(answer))


class GeminiEmbedCall:
    """The server's half for one call; implements `ServedEmbeddings`. Which model, and whether for many texts, the path says.

    Args:
        model: What the path names; "auto" for whatever the settings choose.
        is_batch: Whether the body holds many requests (`:batchEmbedContents`).
    """

    def __init__(self, model: str, *, is_batch: bool) -> None:
        self._model = model
        self._is_batch = is_batch

    def parse_embed_request(self, body: bytes) -> EmbedRequest:
        """See `ServedEmbeddings`."""
        fields_ = read_client_object(body)
        requests = _requests(fields_) if self._is_batch else [camelled(fields_)]
        first = requests[0]
        where = "requests.0" if self._is_batch else ""
        _check_alike(requests)
        task = fields.text(first, "taskType", where)
        is_auto = self._model == AUTO
        return EmbedRequest(
            inputs=tuple(
                [_content(each, f"requests.{number}" if self._is_batch else "") for number, each in enumerate(requests)]
            ),
            model=None if is_auto else self._model.removeprefix("models/"),
            task=None if task is None else _TASKS_READ.get(task),
            dimensions=fields.integer(first, "outputDimensionality", lowest=1),
            is_plain=not is_auto,
            dialect=NAME,
            extra=fields.rest(first, _KNOWN),
        )

    def render_embed_response(self, response: EmbedResponse, request: EmbedRequest) -> bytes:  # noqa: ARG002 - the protocol has it
        """See `ServedEmbeddings`."""
        made = [{"values": vector} for vector in response.vectors]
        counted = {"usageMetadata": {"promptTokenCount": response.usage.input_tokens}}
        return write_json(
            {"embeddings": made, **counted} if self._is_batch else {"embedding": made[0], **counted}, ProviderError
        )

    def render_error(self, error: LegionError) -> bytes:
        """See `ServedEmbeddings`."""
        return render_error(error)


def _text(content: EmbedInput) -> str:
    if not isinstance(content, str):
        raise UnsupportedCapability("gemini embeds text, no tokens of another model", capability="token_input")
    return content


def _usage(answer: Mapping[str, Any]) -> Usage:
    counted = answer.get("usageMetadata")
    tokens = counted.get("promptTokenCount") if isinstance(counted, dict) else None
    return Usage(uncached_input=tokens) if type(tokens) is int and tokens > 0 else Usage(source="partial")


def _requests(body: fields.JsonObject) -> list[fields.JsonObject]:
    given = body.get("requests")
    if given is None:
        raise fields.missing("requests")
    requests = fields.as_array(given, "requests")
    if not 1 <= len(requests) <= _MOST_INPUTS:
        raise InvalidRequestError(
            f"requests must hold 1 to {_MOST_INPUTS} entries, not {len(requests)}", param="requests"
        )
    return [camelled(fields.as_object(each, f"requests.{number}")) for number, each in enumerate(requests)]


def _check_alike(requests: list[fields.JsonObject]) -> None:
    """One call is answered by one model in one length; Google takes requests that differ, which nobody sends."""
    first = {key: value for key, value in requests[0].items() if key != "content"}
    for number, each in enumerate(requests[1:], 1):
        if {key: value for key, value in each.items() if key != "content"} != first:
            where = f"requests.{number}"
            raise InvalidRequestError(f"{where} must not differ from requests.0 but in its content", param=where)


def _content(request: fields.JsonObject, param: str) -> str:
    where = fields.within(param, "content")
    if request.get("content") is None:
        raise fields.missing(where)
    content = fields.as_object(request["content"], where)
    parts = fields.as_array(content.get("parts") or [], f"{where}.parts")
    texts = [
        fields.required_text(
            fields.as_object(part, f"{where}.parts.{number}"), "text", f"{where}.parts.{number}", may_be_empty=True
        )
        for number, part in enumerate(parts)
    ]
    joined = "\n".join(texts)
    if not joined:
        raise InvalidRequestError(f"{where} must hold text", param=where)
    return joined
