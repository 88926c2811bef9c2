"""A client's request, read."""

from __future__ import annotations

from typing import Any, Final

from ....messages.chat import WRITTEN, Request
from ....messages.content import Extra
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import read_client_object
from .message_parsing import parse_messages
from .parameters import (
    GENERATION,
    REMEMBERED,
    is_opaque_format,
    parse_generation,
    parse_response_format,
    parse_thinking,
    refuse_legacy,
)
from .tools import is_opaque_choice, parse_tool_choice, parse_tools
from .words import AUTO, NAME

_KNOWN: Final = GENERATION | {
    "messages",
    "model",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "metadata",
    "n",
    "functions",
    "function_call",
}
_MINIMAL: Final = frozenset({"messages", "model", "stream"})


def parse_request(body: bytes) -> Request:
    """Return what the client wants; parameters without a name of ours are kept in `extra`.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    fields_ = read_client_object(body)
    if fields_.keys() <= _MINIMAL:
        return Request(
            messages=parse_messages(fields_),
            model=_model(fields_),
            stream=fields.boolean(fields_, "stream") or False,
            include_usage=False,
            dialect=NAME,
        )
    refuse_legacy(fields_)
    options = fields.optional_object(fields_, "stream_options") or {}
    return Request(
        messages=parse_messages(fields_),
        model=_model(fields_),
        tools=parse_tools(fields_),
        tool_choice=parse_tool_choice(fields_),
        generation=parse_generation(fields_),
        response_format=parse_response_format(fields_),
        thinking=parse_thinking(fields_),
        stream=fields.boolean(fields_, "stream") or False,
        include_usage=fields.boolean(options, "include_usage", "stream_options") or False,
        dialect=NAME,
        metadata=fields.optional_object(fields_, "metadata") or {},
        extra=_extra(fields_, options),
    )


def _model(body: fields.JsonObject) -> str | None:
    model = fields.text(body, "model")
    if model == "":
        raise InvalidRequestError("model must not be empty", param="model")
    return None if model == AUTO else model


def _extra(body: fields.JsonObject, stream_options: fields.JsonObject) -> Extra:
    extra: dict[str, Any] = {key: value for key, value in body.items() if key not in _KNOWN}
    remembered = {key: body[key] for key in REMEMBERED if body.get(key) is not None}
    if remembered:
        extra[WRITTEN] = remembered
    if is_opaque_choice(body.get("tool_choice")):
        extra["tool_choice"] = body["tool_choice"]
    if is_opaque_format(body.get("response_format")):
        extra["response_format"] = body["response_format"]
    options = fields.rest(stream_options, {"include_usage"})
    if options:
        extra["stream_options"] = options
    return extra
