"""Content parts, both ways: text, pictures, sound, files, refusals; others are kept as they are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from ....messages.content import (
    AudioBlock,
    Content,
    ContentBlock,
    DocumentBlock,
    Extra,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
)
from ....messages.errors import InvalidRequestError, UnsupportedCapability
from .. import fields
from ..extras import own
from ..rendering import Rendering
from .words import NAME

# A refusal in the model's own words is text, marked so that it goes back the way it came.
REFUSAL_MARK: Final[Extra] = {"type": "refusal"}

_URL_SCHEMES: Final = ("https://", "http://")


def is_refusal(block: ContentBlock) -> bool:
    """Return whether the block is a refusal in the model's own words."""
    return type(block) is TextBlock and block.extra.get("type") == "refusal"


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_content(value: Any, param: str) -> Content:
    """Return a message's content: text, or blocks.

    Raises:
        InvalidRequestError: A part is malformed.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, (list, tuple)):
        fields.refuse(param, "a string or an array of parts", value)
    if not value:
        raise InvalidRequestError(f"{param} must not be an empty array", param=param)
    return tuple([parse_part(part, f"{param}.{number}") for number, part in enumerate(value)])


def parse_part(value: Any, param: str) -> ContentBlock:
    """Return one part as a block."""
    part = fields.as_object(value, param)
    kind = fields.required_text(part, "type", param)
    parse = _PARSERS.get(kind)
    return OpaqueBlock(dialect=NAME, raw=part) if parse is None else parse(part, param)


def _text(part: fields.JsonObject, param: str) -> TextBlock:
    text = fields.required_text(part, "text", param, may_be_empty=True)
    if len(part) == len(("type", "text")):
        return TextBlock(text=text)
    cache_control = fields.optional_object(part, "cache_control", param)
    extra = fields.rest(part, {"type", "text", "cache_control"})
    return TextBlock(text=text, cache_control=cache_control, extra=extra)


def _refusal(part: fields.JsonObject, param: str) -> TextBlock:
    text = fields.required_text(part, "refusal", param, may_be_empty=True)
    return TextBlock(text=text, extra={**fields.rest(part, {"type", "refusal"}), **REFUSAL_MARK})


def _image(part: fields.JsonObject, param: str) -> ImageBlock:
    image, inner = _inner(part, "image_url", param)
    url = fields.required_text(image, "url", inner)
    make = functools.partial(
        ImageBlock,
        detail=fields.text(image, "detail", inner),
        cache_control=fields.optional_object(part, "cache_control", param),
        extra=_extra(part, image, "image_url", {"url", "detail"}),
    )
    if url.startswith("data:"):
        media_type, data = data_url(url, f"{inner}.url")
        return make(source="base64", data=data, media_type=media_type)
    # Other schemes reach into the provider's own machine: vLLM reads file:// when it is allowed to.
    if not url[:8].lower().startswith(_URL_SCHEMES):
        raise InvalidRequestError(f"{inner}.url must be a data:, http: or https: URL", param=f"{inner}.url")
    return make(source="url", data=url)


def _audio(part: fields.JsonObject, param: str) -> AudioBlock:
    audio, inner = _inner(part, "input_audio", param)
    return AudioBlock(
        data=fields.required_text(audio, "data", inner),
        format=fields.required_text(audio, "format", inner),
        extra=_extra(part, audio, "input_audio", {"data", "format"}),
    )


def _file(part: fields.JsonObject, param: str) -> DocumentBlock:
    file, inner = _inner(part, "file", param)
    make = functools.partial(
        DocumentBlock,
        name=fields.text(file, "filename", inner),
        cache_control=fields.optional_object(part, "cache_control", param),
        extra=_extra(part, file, "file", {"file_data", "file_id", "filename"}),
    )
    file_id, data = fields.text(file, "file_id", inner), fields.text(file, "file_data", inner)
    if file_id:
        return make(source="file", data=file_id)
    if not data:
        raise InvalidRequestError(f"{inner} needs file_data or file_id", param=inner)
    if data.startswith("data:"):
        media_type, data = data_url(data, f"{inner}.file_data")
        return make(source="base64", data=data, media_type=media_type)
    return make(source="base64", data=data)


_PARSERS: Final[Mapping[str, Callable[[fields.JsonObject, str], ContentBlock]]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
}


def _inner(part: fields.JsonObject, key: str, param: str) -> tuple[fields.JsonObject, str]:
    """Return the object inside a part, and its path."""
    inner = fields.within(param, key)
    value = part.get(key)
    if value is None:
        raise fields.missing(inner)
    if key == "image_url" and isinstance(value, str):
        # The first shape of this part; some clients have kept it.
        value = {"url": value}
    return fields.as_object(value, inner), inner


def _extra(part: fields.JsonObject, inner: fields.JsonObject, key: str, known: set[str]) -> Extra:
    """Return what has no name: fields of the part, and under the part's own key fields of the object inside."""
    outer = fields.rest(part, {"type", key, "cache_control"})
    nested = fields.rest(inner, known)
    return {**outer, key: nested} if nested else outer


def data_url(url: str, param: str) -> tuple[str, str]:
    """Return media type and base64 data of a data: URL."""
    head, comma, data = url.partition(",")
    media_type, base64, _ = head.removeprefix("data:").partition(";base64")
    if not comma or not base64 or not media_type or not data:
        raise InvalidRequestError(f"{param} must read data:<media type>;base64,<data>", param=param)
    return media_type, data


# -- Writing ----------------------------------------------------------------------------------------------------------


def render_content(blocks: Content, rendering: Rendering) -> str | list[dict[str, Any]]:
    """Return the content as the wire has it; a single plain text is a string.

    Raises:
        UnsupportedCapability: The dialect has no such part.
    """
    if isinstance(blocks, str):
        return blocks
    if len(blocks) == 1 and is_plain(blocks[0], rendering):
        return blocks[0].text  # type: ignore[union-attr]
    parts = [part for block in blocks if (part := _part(block, rendering)) is not None]
    return parts or ""


def is_plain(block: ContentBlock, rendering: Rendering) -> bool:
    """Return whether the block is text with nothing beside it that would go along."""
    if type(block) is not TextBlock:
        return False
    return not rendering.is_own or (block.cache_control is None and not own(block.extra, NAME))


def _part(block: ContentBlock, rendering: Rendering) -> dict[str, Any] | None:
    if isinstance(block, OpaqueBlock):
        return _opaque_part(block, rendering)
    render = _RENDERERS.get(type(block))
    if render is None:
        raise InvalidRequestError(f"a {block.type} block cannot stand here")
    rendering.refuse_foreign_file(block, NAME)
    part = render(block, rendering)
    if rendering.is_own:
        if getattr(block, "cache_control", None) is not None:
            part["cache_control"] = block.cache_control  # type: ignore[union-attr]
        if extra := own(block.extra, NAME):
            part = _with_extra(part, extra)
    return part


def _with_extra(part: dict[str, Any], extra: Extra) -> dict[str, Any]:
    kind = part["type"]
    inner = part.get(kind)
    if isinstance(inner, dict) and isinstance(extra.get(kind), Mapping):
        part[kind] = {**extra[kind], **inner}
    return {**extra, **part}


def _opaque_part(block: OpaqueBlock, rendering: Rendering) -> dict[str, Any] | None:
    if block.dialect == NAME:
        return dict(block.raw)
    rendering.leave_out_block(block, NAME)
    return None


def _render_text(block: TextBlock, rendering: Rendering) -> dict[str, Any]:
    if rendering.is_own and is_refusal(block):
        return {"type": "refusal", "refusal": block.text}
    return {"type": "text", "text": block.text}


def _render_image(block: ImageBlock, _rendering: Rendering) -> dict[str, Any]:
    if block.source == "file":
        raise UnsupportedCapability(f"{NAME} takes pictures as URL or base64 only", capability="image_file")
    url = image_url(block)
    image = {"url": url} if block.detail is None else {"url": url, "detail": block.detail}
    return {"type": "image_url", "image_url": image}


def image_url(block: ImageBlock) -> str:
    """Return a picture as a URL: its own, or one that holds it."""
    return block.data if block.source == "url" else f"data:{block.media_type or 'image/png'};base64,{block.data}"


def _render_audio(block: AudioBlock, _rendering: Rendering) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": block.data, "format": block.format}}


def _render_document(block: DocumentBlock, rendering: Rendering) -> dict[str, Any]:
    if block.source == "text":
        return {"type": "text", "text": block.data}
    if block.source == "url":
        raise UnsupportedCapability(f"{NAME} takes documents as base64 or file id only", capability="document_url")
    file = {"filename": block.name} if block.name is not None else {}
    if block.source == "file":
        return {"type": "file", "file": {**file, "file_id": block.data}}
    if rendering.dialect == NAME:
        data = f"data:{block.media_type};base64,{block.data}" if block.media_type else block.data
        return {"type": "file", "file": {**file, "file_data": data}}
    # OpenAI wants both told, and elsewhere neither need be.
    data = f"data:{block.media_type or 'application/pdf'};base64,{block.data}"
    return {"type": "file", "file": {"filename": "document.pdf", **file, "file_data": data}}


_RENDERERS: Final[Mapping[type, Callable[[Any, Rendering], dict[str, Any]]]] = {
    TextBlock: _render_text,
    ImageBlock: _render_image,
    AudioBlock: _render_audio,
    DocumentBlock: _render_document,
}
