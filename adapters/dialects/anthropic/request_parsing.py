"""A client's request, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Request, Role
from ....messages.content import Content, Extra
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import read_client_object
from .blocks import parse_content
from .parameters import GENERATION, is_opaque_thinking, parse_generation, parse_response_format, parse_thinking
from .tools import parse_tool_choice, parse_tools
from .words import AUTO, NAME

_KNOWN: Final = GENERATION | {
    "messages",
    "model",
    "system",
    "stream",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
}
# Clients of late 2026 put instructions between the turns, too.
_ROLES: Final[Mapping[str, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}
_MESSAGE_KNOWN: Final = frozenset({"role", "content"})


def parse_request(body: bytes) -> Request:
    """Return what the client wants; parameters without a name of ours are kept in `extra`.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    return _request(read_client_object(body))


def parse_count_request(body: bytes) -> Request:
    """Return a request whose tokens shall be counted; it needs no `max_tokens`.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    return _request({"max_tokens": 1, **read_client_object(body)})


def _request(fields_: fields.JsonObject) -> Request:
    return Request(
        messages=_messages(fields_),
        model=_model(fields_),
        system=_system(fields_),
        tools=parse_tools(fields_),
        tool_choice=parse_tool_choice(fields_),
        generation=parse_generation(fields_),
        response_format=parse_response_format(fields_),
        thinking=parse_thinking(fields_),
        stream=fields.boolean(fields_, "stream") or False,
        include_usage=True,
        dialect=NAME,
        metadata=fields.optional_object(fields_, "metadata") or {},
        extra=_extra(fields_),
    )


def _messages(body: fields.JsonObject) -> tuple[ChatMessage, ...]:
    messages = body.get("messages")
    if messages is None:
        raise fields.missing("messages")
    messages = fields.as_array(messages, "messages")
    if not messages:
        raise InvalidRequestError("messages must not be empty", param="messages")
    return tuple([_message(message, f"messages.{number}") for number, message in enumerate(messages)])


def _message(value: Any, param: str) -> ChatMessage:
    message = fields.as_object(value, param)
    role = fields.required_text(message, "role", param)
    if role not in _ROLES:
        known = ", ".join(_ROLES)
        raise InvalidRequestError(f"{param}.role must be one of {known}, not {role[:50]!r}", param=f"{param}.role")
    content = message.get("content")
    if content is None:
        raise fields.missing(f"{param}.content")
    return ChatMessage(
        role=_ROLES[role],
        content=parse_content(content, f"{param}.content"),
        extra=fields.rest(message, _MESSAGE_KNOWN),
    )


def _system(body: fields.JsonObject) -> Content | None:
    system = body.get("system")
    return None if system is None else parse_content(system, "system") or None


def _model(body: fields.JsonObject) -> str | None:
    model = fields.required_text(body, "model")
    return None if model == AUTO else model


def _extra(body: fields.JsonObject) -> Extra:
    extra: dict[str, Any] = {key: value for key, value in body.items() if key not in _KNOWN}
    thinking = body.get("thinking")
    if isinstance(thinking, Mapping) and is_opaque_thinking(thinking):
        extra["thinking"] = thinking
    output = body.get("output_config")
    if isinstance(output, Mapping) and (more := fields.rest(output, {"effort", "format"})):
        extra["output_config"] = more
    return extra
