"""Content blocks, read: what a client sent, and what a model answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ....messages.content import (
    Content,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import write_json
from ..plain_ids import original_id
from ..seal import opened
from .words import NAME

_COMMON: Final = frozenset({"type", "cache_control"})


def parse_content(value: Any, param: str) -> Content:
    """Return a message's content: text, or blocks.

    Raises:
        InvalidRequestError: A block is malformed; `param` names the field.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, (list, tuple)):
        fields.refuse(param, "a string or an array of blocks", value)
    return tuple([parse_block(block, f"{param}.{number}") for number, block in enumerate(value)])


def parse_block(value: Any, param: str) -> ContentBlock:
    """Return one block; a kind without a name of ours is kept as it is."""
    block = fields.as_object(value, param)
    parse = _PARSERS.get(fields.required_text(block, "type", param))
    return OpaqueBlock(dialect=NAME, raw=block) if parse is None else parse(block, param)


def _text(block: fields.JsonObject, param: str) -> TextBlock:
    text = fields.required_text(block, "text", param, may_be_empty=True)
    if len(block) == len(("type", "text")):
        return TextBlock(text=text)
    return TextBlock(text=text, cache_control=_cache_control(block, param), extra=_rest(block, {"text"}))


def _thinking(block: fields.JsonObject, param: str) -> ThinkingBlock:
    signature = fields.text(block, "signature", param) or None
    thinking = ThinkingBlock(
        text=fields.required_text(block, "thinking", param, may_be_empty=True),
        signature=signature,
        extra=_rest(block, {"thinking", "signature"}),
    )
    return thinking if signature is None else opened(thinking, signature) or thinking


def _redacted(block: fields.JsonObject, param: str) -> ThinkingBlock:
    data = fields.required_text(block, "data", param)
    thinking = ThinkingBlock(encrypted=data, extra=_rest(block, {"data"}))
    return opened(thinking, data) or thinking


def _tool_use(block: fields.JsonObject, param: str) -> ToolUseBlock:
    value = block.get("input")
    arguments = fields.as_object({} if value is None else value, f"{param}.input")
    return ToolUseBlock(
        id=original_id(fields.required_text(block, "id", param)),
        name=fields.required_text(block, "name", param),
        arguments=write_json(arguments, InvalidRequestError).decode(),
        cache_control=_cache_control(block, param),
        extra=_rest(block, {"id", "name", "input"}),
    )


def _tool_result(block: fields.JsonObject, param: str) -> ToolResultBlock:
    content = block.get("content")
    return ToolResultBlock(
        tool_use_id=original_id(fields.required_text(block, "tool_use_id", param)),
        content="" if content is None else parse_content(content, f"{param}.content"),
        is_error=fields.boolean(block, "is_error", param) or False,
        cache_control=_cache_control(block, param),
        extra=_rest(block, {"tool_use_id", "content", "is_error"}),
    )


def _image(block: fields.JsonObject, param: str) -> ContentBlock:
    source, inner = _source(block, param)
    kind = fields.required_text(source, "type", inner)
    if kind not in _SOURCES:
        return OpaqueBlock(dialect=NAME, raw=block)
    return ImageBlock(
        source=kind,  # type: ignore[arg-type]  # one of _SOURCES
        data=fields.required_text(source, _SOURCES[kind], inner),
        media_type=fields.text(source, "media_type", inner),
        cache_control=_cache_control(block, param),
        extra=_rest(block, {"source"}),
    )


def _document(block: fields.JsonObject, param: str) -> ContentBlock:
    source, inner = _source(block, param)
    kind = fields.required_text(source, "type", inner)
    if kind != "text" and kind not in _SOURCES:  # "content": blocks within a document
        return OpaqueBlock(dialect=NAME, raw=block)
    return DocumentBlock(
        source=kind,  # type: ignore[arg-type]  # "text" or one of _SOURCES
        data=fields.required_text(source, _SOURCES.get(kind, "data"), inner, may_be_empty=True),
        media_type=fields.text(source, "media_type", inner),
        name=fields.text(block, "title", param),
        cache_control=_cache_control(block, param),
        extra=_rest(block, {"source", "title"}),
    )


# Where each kind of source keeps what it is about.
_SOURCES: Final[Mapping[str, str]] = {"base64": "data", "url": "url", "file": "file_id"}

_PARSERS: Final[Mapping[str, Callable[[fields.JsonObject, str], ContentBlock]]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "image": _image,
    "document": _document,
}


def _source(block: fields.JsonObject, param: str) -> tuple[fields.JsonObject, str]:
    inner = fields.within(param, "source")
    if block.get("source") is None:
        raise fields.missing(inner)
    return fields.as_object(block["source"], inner), inner


def _cache_control(block: fields.JsonObject, param: str) -> fields.JsonObject | None:
    return fields.optional_object(block, "cache_control", param)


def _rest(block: fields.JsonObject, known: set[str]) -> Mapping[str, Any]:
    return fields.rest(block, _COMMON | known)
