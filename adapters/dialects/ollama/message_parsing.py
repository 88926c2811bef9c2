"""The messages of a client's request, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from ....messages.chat import ChatMessage, Role
from ....messages.content import (
    Content,
    ContentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ....messages.errors import InvalidRequestError
from .. import fields
from ..call_ids import CallIds
from ..json_text import write_json

_MARK: Final = "call_o_"
_KNOWN: Final = frozenset({"role", "content", "images", "thinking", "tool_calls", "tool_name", "name", "tool_call_id"})
_ROLES: Final[frozenset[Role]] = frozenset(get_args(Role)) - {"developer"}

# Pictures come without their type; their first bytes tell it, in base64.
_PICTURES: Final[Mapping[str, str]] = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}


def parse_messages(body: fields.JsonObject) -> tuple[ChatMessage, ...]:
    """Return the conversation; () where the client only wants the model to be loaded.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    messages = fields.optional_array(body, "messages")
    ids = CallIds(_MARK)
    return tuple([_message(value, f"messages.{number}", ids) for number, value in enumerate(messages)])


def pictures(source: fields.JsonObject, param: str = "") -> tuple[ImageBlock, ...]:
    """Return the pictures beside a text.

    Raises:
        InvalidRequestError: They are malformed; `param` names the field.
    """
    where = fields.within(param, "images")
    images = fields.optional_array(source, "images", param)
    return tuple([_picture(value, f"{where}.{number}") for number, value in enumerate(images)])


def _message(value: Any, param: str, ids: CallIds) -> ChatMessage:
    message = fields.as_object(value, param)
    role = fields.required_text(message, "role", param)
    if role not in _ROLES:
        raise InvalidRequestError(
            f"{param}.role must be one of {', '.join(sorted(_ROLES))}, not {role[:50]!r}", param=f"{param}.role"
        )
    content = _content(message, param, ids)
    if role == "tool":
        content = (_result(message, param, content, ids),)
    return ChatMessage(role=role, content=content, extra=fields.rest(message, _KNOWN))


def _content(message: fields.JsonObject, param: str, ids: CallIds) -> Content:
    text, thinking = fields.text(message, "content", param) or "", fields.text(message, "thinking", param)
    blocks: list[ContentBlock] = [*pictures(message, param), *_calls(message, param, ids)]
    if not blocks and not thinking:
        return text
    head: list[ContentBlock] = [ThinkingBlock(text=thinking)] if thinking else []
    return (*head, *([TextBlock(text=text)] if text else []), *blocks)


def _calls(message: fields.JsonObject, param: str, ids: CallIds) -> list[ToolUseBlock]:
    where = f"{param}.tool_calls"
    calls = fields.optional_array(message, "tool_calls", param)
    return [_call(value, f"{where}.{number}", ids) for number, value in enumerate(calls)]


def _call(value: Any, param: str, ids: CallIds) -> ToolUseBlock:
    call = fields.as_object(value, param)
    inner = f"{param}.function"
    if call.get("function") is None:
        raise fields.missing(inner)
    function = fields.as_object(call["function"], inner)
    name = fields.required_text(function, "name", inner)
    arguments = fields.optional_object(function, "arguments", inner) or {}
    nested = fields.rest(function, {"name", "arguments"})
    outer = fields.rest(call, {"function"})
    return ToolUseBlock(
        id=ids.call(fields.text(call, "id", param), name),
        name=name,
        arguments=write_json(arguments).decode(),
        extra={**outer, "function": nested} if nested else outer,
    )


def _result(message: fields.JsonObject, param: str, content: Content, ids: CallIds) -> ToolResultBlock:
    """A result names its tool; which call of it is answered, newer clients tell, and else the order does."""
    name = fields.text(message, "tool_name", param) or fields.text(message, "name", param)
    call_id = fields.text(message, "tool_call_id", param)
    return ToolResultBlock(
        tool_use_id=ids.result(call_id, name),
        content=content,
        name=name,
        extra={} if call_id is None else {"tool_call_id": call_id},
    )


def _picture(value: Any, param: str) -> ImageBlock:
    if not isinstance(value, str):
        fields.refuse(param, "a picture in base64", value)
    media_type = picture_type(value)
    if media_type is None:
        raise InvalidRequestError(f"{param} must be a PNG, JPEG, GIF or WebP picture in base64", param=param)
    return ImageBlock(source="base64", data=value, media_type=media_type)


def picture_type(data: str) -> str | None:
    """Return the MIME type of a picture in base64, or None where its first bytes are those of none that models read."""
    return next((media_type for start, media_type in _PICTURES.items() if data.startswith(start)), None)
