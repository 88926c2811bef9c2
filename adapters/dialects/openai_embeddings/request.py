"""Requests, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.embedding import EmbedBatch, EmbedInput, EmbedRequest, EmbedTask
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import json_kind, read_client_object, write_json
from ..protocol import WireRequest
from .words import ENCODING, NAME, PATH

# As OpenAI has them.
MAX_INPUTS: Final = 2048
MAX_TOKENS: Final = 100_000
_MOST_TOKEN: Final = 2**31

_KNOWN: Final = frozenset({"input", "model", "dimensions"})
_ENCODINGS: Final = frozenset({"float", "base64"})

# What gateways of this dialect call the purpose of a vector.
_TASKS: Final[Mapping[str, EmbedTask]] = {
    "query": "query",
    "search_query": "query",
    "document": "document",
    "passage": "document",
    "search_document": "document",
}


def parse_request(body: bytes) -> EmbedRequest:
    """Return what the client wants embedded.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    fields_ = read_client_object(body)
    model = fields.required_text(fields_, "model")
    encoding = fields.text(fields_, ENCODING)
    if encoding is not None and encoding not in _ENCODINGS:
        raise InvalidRequestError(f"{ENCODING} must be float or base64, not {encoding[:50]!r}", param=ENCODING)
    kind = fields_.get("input_type")
    return EmbedRequest(
        inputs=_inputs(fields_),
        model=None if model == "auto" else model,
        task=_TASKS.get(kind) if isinstance(kind, str) else None,
        dimensions=fields.integer(fields_, "dimensions", lowest=1),
        is_plain=model != "auto",
        dialect=NAME,
        extra=fields.rest(fields_, _KNOWN),
    )


def render_request(batch: EmbedBatch, model: str, *, encoding: str | None) -> WireRequest:
    """Return the request as the provider reads it.

    Raises:
        InvalidRequestError: It cannot be written as JSON.
    """
    is_own = batch.dialect in (None, NAME)
    body: dict[str, Any] = {key: value for key, value in batch.extra.items() if key != ENCODING} if is_own else {}
    body |= {"model": model, "input": list(batch.inputs)}
    if batch.dimensions is not None:
        body["dimensions"] = batch.dimensions
    if encoding is not None:
        body[ENCODING] = encoding
    lost = (
        ()
        if is_own
        else [f"{key} was left out: {NAME} has no such parameter of {batch.dialect}" for key in batch.extra]
    )
    return WireRequest(path=PATH, body=write_json(body), warnings=tuple(lost))


def _inputs(body: fields.JsonObject) -> tuple[EmbedInput, ...]:
    given = body.get("input")
    if given is None:
        raise fields.missing("input")
    if isinstance(given, str):
        return (_text(given, "input"),)
    if not isinstance(given, list):
        fields.refuse("input", "a string, an array of strings, or an array of tokens or of arrays of tokens", given)
    if not given:
        raise InvalidRequestError("input must not be an empty array", param="input")
    if type(given[0]) is int:
        return (_tokens(given, "input"),)
    if len(given) > MAX_INPUTS:
        raise InvalidRequestError(f"input must hold at most {MAX_INPUTS} texts, not {len(given)}", param="input")
    return tuple([_input(each, f"input.{number}") for number, each in enumerate(given)])


def _input(value: Any, param: str) -> EmbedInput:
    if isinstance(value, str):
        return _text(value, param)
    if not isinstance(value, list):
        fields.refuse(param, "a string or an array of tokens", value)
    return _tokens(value, param)


def _text(value: str, param: str) -> str:
    if not value:
        raise InvalidRequestError(f"{param} must not be an empty string", param=param)
    return value


def _tokens(value: list[Any], param: str) -> tuple[int, ...]:
    if not value or len(value) > MAX_TOKENS:
        raise InvalidRequestError(f"{param} must hold 1 to {MAX_TOKENS} tokens, not {len(value)}", param=param)
    for number, token in enumerate(value):
        if type(token) is not int or not 0 <= token < _MOST_TOKEN:
            shown = token if type(token) in (int, float) else json_kind(token)
            raise InvalidRequestError(
                f"{param}.{number} must be a token's number, not {shown}", param=f"{param}.{number}"
            )
    return tuple(value)
