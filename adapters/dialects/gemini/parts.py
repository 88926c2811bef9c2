"""Parts of contents, read: what a client sent, and what a model answered."""

from __future__ import annotations

import base64
import binascii
import functools
import mimetypes
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import attrs

from ....messages.content import (
    AudioBlock,
    ContentBlock,
    DocumentBlock,
    Extra,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ....messages.errors import InvalidRequestError
from .. import fields
from ..call_ids import CallIds
from ..json_text import write_json
from .results import is_error, said
from .signatures import thinking_of
from .spelling import camelled
from .words import NAME

_SIGNATURE: Final = "thoughtSignature"
# Says of a signature that it stood on a part of its own, with empty text.
ALONE: Final[Extra] = {"text": ""}
# Says of a thought that it is one although it says nothing.
SILENT_THOUGHT: Final[Extra] = {"thought": True}

_SOUND: Final[Mapping[str, str]] = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}
_GOOGLE: Final = ("generativelanguage.googleapis.com", "youtube.com", "www.youtube.com", "youtu.be")


def parse_parts(value: Any, param: str, ids: CallIds) -> tuple[ContentBlock, ...]:
    """Return the blocks of a content's parts.

    Raises:
        InvalidRequestError: A part is malformed; `param` names the field.
    """
    blocks: list[ContentBlock] = []
    for number, part in enumerate(fields.as_array(value, param)):
        where = f"{param}.{number}"
        for block in parse_part(fields.as_object(part, where), where, ids):
            blocks.append(_with_thoughts(block, blocks))
    return tuple(blocks)


def _with_thoughts(seal: ContentBlock, blocks: list[ContentBlock]) -> ContentBlock:
    """Return a block; if it is a seal, with the thoughts it was made over: a stream has said them in parts of their own, before it."""
    if not isinstance(seal, ThinkingBlock) or seal.origin is None or seal.text:
        return seal
    thoughts: list[str] = []
    while (
        blocks and isinstance(last := blocks[-1], ThinkingBlock) and last.signature is None and last.encrypted is None
    ):
        thoughts.insert(0, last.text)
        blocks.pop()
    return attrs.evolve(seal, text="".join(thoughts), extra={}) if thoughts else seal


def parse_part(value: fields.JsonObject, param: str, ids: CallIds) -> list[ContentBlock]:
    """Return the block of one part, after its signature if it has one; a kind without a name of ours is kept as it is."""
    part = camelled(value)
    signature = fields.text(part, _SIGNATURE, param)
    if part.get("thought") is True and part.get("functionCall") is None:
        return [_thought(part, signature, param)]
    kind = next((key for key in _PARSERS if part.get(key) is not None), None)
    block = OpaqueBlock(dialect=NAME, raw=value) if kind is None else _PARSERS[kind](part, param, ids)
    if not signature or isinstance(block, OpaqueBlock):
        return [block]
    if isinstance(block, TextBlock) and not block.text:
        return [_signed(signature, ALONE)]
    return [_signed(signature, {}), block]


def _signed(signature: str, extra: Extra) -> ThinkingBlock:
    return thinking_of(signature, ThinkingBlock(extra=extra))


def _thought(part: fields.JsonObject, signature: str | None, param: str) -> ThinkingBlock:
    text = fields.text(part, "text", param) or ""
    extra = {**fields.rest(part, {"text", "thought", _SIGNATURE}), **({} if text else SILENT_THOUGHT)}
    block = ThinkingBlock(text=text, extra=extra)
    return thinking_of(signature, block) if signature else block


def _text(part: fields.JsonObject, param: str, _ids: CallIds) -> TextBlock:
    text = fields.required_text(part, "text", param, may_be_empty=True)
    return TextBlock(text=text, extra=_rest(part, "text"))


def _call(part: fields.JsonObject, param: str, ids: CallIds) -> ToolUseBlock:
    call, inner = _inner(part, "functionCall", param)
    name = fields.required_text(call, "name", inner)
    arguments = fields.optional_object(call, "args", inner) or {}
    return ToolUseBlock(
        id=ids.call(fields.text(call, "id", inner), name),
        name=name,
        arguments=write_json(arguments, InvalidRequestError).decode(),
        extra=_extra(part, call, "functionCall", {"id", "name", "args"}),
    )


def _result(part: fields.JsonObject, param: str, ids: CallIds) -> ToolResultBlock:
    result, inner = _inner(part, "functionResponse", param)
    name = fields.required_text(result, "name", inner)
    response = fields.optional_object(result, "response", inner) or {}
    extra = dict(_extra(part, result, "functionResponse", {"id", "name", "response", "parts"}))
    text, media = said(response), result.get("parts")
    content: str | tuple[ContentBlock, ...] = text
    if media is not None:
        shown = parse_parts(media, f"{inner}.parts", ids)
        content = (TextBlock(text=text), *shown) if text else shown
    return ToolResultBlock(
        tool_use_id=ids.result(fields.text(result, "id", inner), name),
        name=name,
        content=content,
        is_error=is_error(response),
        extra={**extra, "response": response},
    )


def _inline(part: fields.JsonObject, param: str, _ids: CallIds) -> ContentBlock:
    blob, inner = _inner(part, "inlineData", param)
    media_type = fields.required_text(blob, "mimeType", inner)
    data = fields.required_text(blob, "data", inner, may_be_empty=True)
    extra = _extra(part, blob, "inlineData", {"mimeType", "data"})
    kind, _, form = media_type.partition(";")[0].lower().partition("/")
    if kind == "image":
        return ImageBlock(source="base64", data=data, media_type=media_type, extra=extra)
    if kind == "audio":
        nested = {**extra.get("inlineData", {}), "mimeType": media_type}
        return AudioBlock(data=data, format=_SOUND.get(form, form), extra={**extra, "inlineData": nested})
    if kind == "video":
        return OpaqueBlock(dialect=NAME, raw=part)
    text = _decoded(data) if kind == "text" else None
    if text is not None:
        return DocumentBlock(source="text", data=text, media_type=media_type, extra=extra)
    return DocumentBlock(source="base64", data=data, media_type=media_type, extra=extra)


def _file(part: fields.JsonObject, param: str, _ids: CallIds) -> ContentBlock:
    file, inner = _inner(part, "fileData", param)
    uri = fields.required_text(file, "fileUri", inner)
    media_type = fields.text(file, "mimeType", inner)
    kind = (media_type or mimetypes.guess_type(urlsplit(uri).path)[0] or "").partition("/")[0]
    if kind not in ("image", "application", "text"):  # films, sound, and what says nothing of itself
        return OpaqueBlock(dialect=NAME, raw=part)
    make = functools.partial(
        ImageBlock if kind == "image" else DocumentBlock,
        source=_source(uri),
        data=uri,
        media_type=media_type,
        extra=_extra(part, file, "fileData", {"fileUri", "mimeType"}),
    )
    return make()


def _source(uri: str) -> Literal["url", "file"]:
    """Return whether anybody may fetch an address, or Google alone."""
    url = urlsplit(uri)
    return "url" if url.scheme in ("https", "http") and url.hostname not in _GOOGLE else "file"


def _decoded(data: str) -> str | None:
    """Return the text behind base64 if writing it again gives the same."""
    try:
        text = base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return text if base64.b64encode(text.encode()).decode() == data else None


_PARSERS: Final[Mapping[str, Callable[[fields.JsonObject, str, CallIds], ContentBlock]]] = {
    "functionCall": _call,
    "functionResponse": _result,
    "inlineData": _inline,
    "fileData": _file,
    "text": _text,
}


def _inner(part: fields.JsonObject, key: str, param: str) -> tuple[fields.JsonObject, str]:
    inner = fields.within(param, key)
    return camelled(fields.as_object(part[key], inner)), inner


def _extra(part: fields.JsonObject, inner: fields.JsonObject, key: str, known: set[str]) -> Extra:
    """Return what has no name: fields of the part, and under the part's own key fields of the object inside."""
    outer, nested = _rest(part, key), fields.rest(inner, known)
    return {**outer, key: nested} if nested else outer


def _rest(part: fields.JsonObject, key: str) -> Extra:
    return fields.rest(part, {key, "thought", _SIGNATURE})
