"""A client's request, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import WRITTEN, ChatMessage, Request, Role
from ....messages.content import Content, Extra, TextBlock
from ....messages.errors import InvalidRequestError
from .. import fields
from ..call_ids import CallIds
from ..json_text import read_client_object
from . import parameters, thinking
from .call_ids import MARK
from .parts import parse_parts
from .spelling import camelled
from .tools import CONFIG as TOOL_CONFIG
from .tools import opaque_config, parse_tool_choice, parse_tools
from .words import AUTO, NAME

_KNOWN: Final = frozenset({"contents", "systemInstruction", "tools", TOOL_CONFIG, parameters.CONFIG, "model"})
_CONTENT_KNOWN: Final = frozenset({"role", "parts"})
_ROLES: Final[Mapping[str, Role]] = {
    "": "user",
    "user": "user",
    "function": "user",
    "tool": "user",
    "model": "assistant",
    "system": "system",
}


def parse_request(body: bytes, *, model: str | None, stream: bool) -> Request:
    """Return what the client wants; parameters without a name of ours are kept in `extra`.

    Args:
        body: The JSON.
        model: What the path names; None or "auto" for whatever the router chooses.
        stream: Whether the path asks for a stream.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    return _request(camelled(read_client_object(body)), model, stream=stream)


def parse_count_request(body: bytes, *, model: str | None) -> Request:
    """Return a request whose tokens shall be counted: contents alone, or a whole request under `generateContentRequest`.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    value = camelled(read_client_object(body))
    whole = fields.optional_object(value, "generateContentRequest")
    return _request(value if whole is None else camelled(whole), model, stream=False)


def _request(body: fields.JsonObject, model: str | None, *, stream: bool) -> Request:
    config = camelled(fields.optional_object(body, parameters.CONFIG) or {})
    return Request(
        messages=_messages(body),
        model=None if model == AUTO else model,
        system=_system(body),
        tools=parse_tools(body),
        tool_choice=parse_tool_choice(body),
        generation=parameters.parse_generation(config),
        response_format=parameters.parse_response_format(config),
        thinking=thinking.parse_thinking(config),
        stream=stream,
        include_usage=True,
        dialect=NAME,
        extra=_extra(body, config),
    )


def _messages(body: fields.JsonObject) -> tuple[ChatMessage, ...]:
    contents = body.get("contents")
    if contents is None:
        raise fields.missing("contents")
    listed = fields.as_array([contents] if isinstance(contents, Mapping) else contents, "contents")
    if not listed:
        raise InvalidRequestError("contents must not be empty", param="contents")
    ids = CallIds(MARK)
    return tuple([_message(content, f"contents.{number}", ids) for number, content in enumerate(listed)])


def _message(value: Any, param: str, ids: CallIds) -> ChatMessage:
    content = fields.as_object(value, param)
    role = fields.text(content, "role", param) or ""
    if role not in _ROLES:
        raise InvalidRequestError(f"{param}.role must be user or model, not {role[:50]!r}", param=f"{param}.role")
    return ChatMessage(
        role=_ROLES[role],
        content=_parts(content, param, ids),
        extra=fields.rest(content, _CONTENT_KNOWN),
    )


def _parts(content: fields.JsonObject, param: str, ids: CallIds) -> Content:
    """Return the content; a single plain text is a string. Google's own examples leave out the array around one part."""
    parts = content.get("parts")
    if parts is None:
        raise fields.missing(f"{param}.parts")
    blocks = parse_parts([parts] if isinstance(parts, Mapping) else parts, f"{param}.parts", ids)
    if len(blocks) == 1 and isinstance(only := blocks[0], TextBlock) and not only.extra:
        return only.text
    return blocks


def _system(body: fields.JsonObject) -> Content | None:
    system = body.get("systemInstruction")
    if system is None or isinstance(system, str):
        return system or None
    return _parts(fields.as_object(system, "systemInstruction"), "systemInstruction", CallIds(MARK)) or None


def _extra(body: fields.JsonObject, config: fields.JsonObject) -> Extra:
    extra = dict(fields.rest(body, _KNOWN))
    rest = parameters.unnamed(config)
    if rest:
        extra[parameters.CONFIG] = rest
    choice = opaque_config(body)
    if choice is not None:
        extra[TOOL_CONFIG] = choice
    written = {**parameters.written(config), **_shown(config)}
    if written:
        extra[WRITTEN] = written
    return extra


def _shown(config: fields.JsonObject) -> dict[str, Any]:
    rest = thinking.unnamed(config)
    return {thinking.CONFIG: rest} if rest else {}
