"""The input of a request: a text, or items, which become the messages of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from ....messages.chat import ChatMessage, Role
from ....messages.content import (
    Content,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ....messages.errors import InvalidRequestError
from .. import fields
from ..openai_chat.parts import REFUSAL_MARK, data_url
from .reasoning import parse_reasoning
from .words import NAME, PICTURE, REFERENCE

# What stands beside a text: where it was found, and how likely its tokens were.
SAID_BESIDE: Final = ("annotations", "logprobs")
PHASE: Final = "phase"
_CALL: Final = frozenset({"type", "id", "status", "call_id", "name", "arguments"})

_ROLES: Final[Mapping[str, Role]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "developer",
}


def parse_input(value: Any) -> tuple[ChatMessage, ...]:
    """Return the conversation. Items of one turn of the model (reasoning, text, calls) become one message.

    Raises:
        InvalidRequestError: It is missing, empty or malformed; `param` names the field.
    """
    if value is None:
        raise fields.missing("input")
    if isinstance(value, str):
        return (ChatMessage(role="user", content=value),)
    items = fields.as_array(value, "input")
    if not items:
        raise InvalidRequestError("input must not be empty", param="input")
    messages: list[ChatMessage] = []
    turn: list[ContentBlock] = []
    for number, item in enumerate(items):
        read = _item(fields.as_object(item, f"input.{number}"), f"input.{number}")
        if isinstance(read, ChatMessage):
            _close(turn, messages)
            messages.append(read)
        else:
            turn += read
    _close(turn, messages)
    return tuple(messages)


def parse_turn_item(item: fields.JsonObject, param: str) -> list[ContentBlock]:
    """Return what an item of an answer says.

    Raises:
        InvalidRequestError: It is malformed, or no item of an answer.
    """
    read = _item(item, param)
    if isinstance(read, ChatMessage):
        raise InvalidRequestError(f"{param}: {item.get('type')!r} is no item of an answer", param=param)
    return read


def _close(turn: list[ContentBlock], messages: list[ChatMessage]) -> None:
    if turn:
        messages.append(ChatMessage(role="assistant", content=tuple(turn)))
        turn.clear()


def _item(item: fields.JsonObject, param: str) -> ChatMessage | list[ContentBlock]:
    """Return a message of its own, or a part of the model's turn."""
    kind = fields.text(item, "type", param)
    if kind in (None, "message"):
        return _message(item, param)
    parse = _ITEMS.get(kind or "")
    # Calls of OpenAI's own tools, and their results: only its own dialect could send them on.
    return [OpaqueBlock(dialect=NAME, raw=item)] if parse is None else parse(item, param)


def _message(item: fields.JsonObject, param: str) -> ChatMessage | list[ContentBlock]:
    role = fields.required_text(item, "role", param)
    if role not in _ROLES:
        known = ", ".join(_ROLES)
        raise InvalidRequestError(f"{param}.role must be one of {known}, not {role[:50]!r}", param=f"{param}.role")
    value = item.get("content")
    if value is None:
        raise fields.missing(f"{param}.content")
    content = _content(value, f"{param}.content")
    if role == "assistant":
        said: list[ContentBlock] = [TextBlock(text=content)] if isinstance(content, str) else list(content)
        return _with_phase(said, fields.text(item, "phase", param))
    return ChatMessage(role=_ROLES[role], content=content)


def _with_phase(said: list[ContentBlock], phase: str | None) -> list[ContentBlock]:
    """Newer models say of a message whether it is an answer or about their work, and want to hear it again."""
    if phase is None:
        return said
    return [
        attrs.evolve(block, extra={**block.extra, PHASE: phase}) if isinstance(block, TextBlock) else block
        for block in said
    ]


def _content(value: Any, param: str) -> Content:
    if isinstance(value, str):
        return value
    if not isinstance(value, (list, tuple)):
        fields.refuse(param, "a string or an array of parts", value)
    parts = [
        _part(fields.as_object(part, f"{param}.{number}"), f"{param}.{number}") for number, part in enumerate(value)
    ]
    if len(parts) == 1 and type(parts[0]) is TextBlock and not parts[0].extra:
        return parts[0].text
    return tuple(parts)


def _part(part: fields.JsonObject, param: str) -> ContentBlock:
    parse = _PARTS.get(fields.required_text(part, "type", param))
    return OpaqueBlock(dialect=NAME, raw=part) if parse is None else parse(part, param)


def _text(part: fields.JsonObject, param: str) -> TextBlock:
    text = fields.required_text(part, "text", param, may_be_empty=True)
    return TextBlock(text=text, extra={key: part[key] for key in SAID_BESIDE if part.get(key)})


def _refusal(part: fields.JsonObject, param: str) -> TextBlock:
    return TextBlock(text=fields.required_text(part, "refusal", param, may_be_empty=True), extra=REFUSAL_MARK)


def _image(part: fields.JsonObject, param: str) -> ImageBlock:
    detail = fields.text(part, "detail", param)
    file_id = fields.text(part, "file_id", param)
    if file_id:
        return ImageBlock(source="file", data=file_id, detail=detail)
    where = f"{param}.image_url"
    url = fields.required_text(part, "image_url", param)
    if url.startswith("data:"):
        media_type, data = data_url(url, where)
        return ImageBlock(source="base64", data=data, media_type=media_type, detail=detail)
    if not url[:8].lower().startswith(("https://", "http://")):
        raise InvalidRequestError(f"{where} must be a data:, http: or https: URL", param=where)
    return ImageBlock(source="url", data=url, detail=detail)


def _file(part: fields.JsonObject, param: str) -> DocumentBlock:
    name = fields.text(part, "filename", param)
    for source, key in (("file", "file_id"), ("url", "file_url")):
        value = fields.text(part, key, param)
        if value:
            return DocumentBlock(source=source, data=value, name=name)  # type: ignore[arg-type]  # one of the two
    data = fields.required_text(part, "file_data", param)
    if not data.startswith("data:"):
        return DocumentBlock(source="base64", data=data, name=name)
    media_type, data = data_url(data, f"{param}.file_data")
    return DocumentBlock(source="base64", data=data, media_type=media_type, name=name)


def _call(item: fields.JsonObject, param: str) -> list[ContentBlock]:
    call = ToolUseBlock(
        id=fields.required_text(item, "call_id", param),
        name=fields.required_text(item, "name", param),
        arguments=fields.required_text(item, "arguments", param, may_be_empty=True) or "{}",
        extra=fields.rest(item, _CALL),
    )
    return [call]


def _call_output(item: fields.JsonObject, param: str) -> ChatMessage:
    output = item.get("output")
    if output is None:
        raise fields.missing(f"{param}.output")
    result = ToolResultBlock(
        tool_use_id=fields.required_text(item, "call_id", param), content=_content(output, f"{param}.output")
    )
    return ChatMessage(role="tool", content=(result,))


def _picture(item: fields.JsonObject, param: str) -> list[ContentBlock]:
    """A picture that a model made; one that was not finished is kept as it is."""
    data = fields.text(item, "result", param)
    if not data:
        return [OpaqueBlock(dialect=NAME, raw=item)]
    media_type = f"image/{fields.text(item, 'output_format', param) or 'png'}"
    extra = fields.rest(item, {"type", "result"})
    return [ImageBlock(source="base64", data=data, media_type=media_type, extra=extra)]


def _reference(item: fields.JsonObject, param: str) -> list[ContentBlock]:
    """An item of an answer that was given before: whoever keeps those puts the item in its place."""
    fields.required_text(item, "id", param)
    return [OpaqueBlock(dialect=NAME, raw=item)]


_PARTS: Final[Mapping[str, Callable[[fields.JsonObject, str], ContentBlock]]] = {
    "input_text": _text,
    "output_text": _text,
    "text": _text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
}

_ITEMS: Final[Mapping[str, Callable[[fields.JsonObject, str], ChatMessage | list[ContentBlock]]]] = {
    "function_call": _call,
    "function_call_output": _call_output,
    "reasoning": lambda item, param: [parse_reasoning(item, param)],
    PICTURE: _picture,
    REFERENCE: _reference,
}
