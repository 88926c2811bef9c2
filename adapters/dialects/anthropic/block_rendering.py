"""Content blocks, written: for a provider, and for a client."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from ....messages.content import (
    AudioBlock,
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
from ....messages.errors import InvalidRequestError, UnsupportedCapability
from ..extras import own
from ..plain_ids import plain_id
from ..rendering import Rendering
from .words import NAME

WireBlock = dict[str, Any]

_PDF: Final = "application/pdf"
_SOURCE_FIELDS: Final[Mapping[str, str]] = {"base64": "data", "url": "url", "file": "file_id", "text": "data"}


def render_content(content: Content, rendering: Rendering, origin: str | None = None) -> str | list[WireBlock]:
    """Return the content as the wire has it; text stays text.

    Args:
        content: Text or blocks.
        rendering: Takes the warnings.
        origin: Instance that will read it: signed reasoning goes back only there.

    Raises:
        UnsupportedCapability: The dialect has no such block.
        InvalidRequestError: A tool call's arguments are no JSON object.
    """
    if isinstance(content, str):
        return content
    return [wire for block in content if (wire := _block(block, rendering, origin)) is not None]


def _block(block: ContentBlock, rendering: Rendering, origin: str | None) -> WireBlock | None:
    if isinstance(block, ThinkingBlock):
        return _thinking(block, rendering, origin)
    if isinstance(block, OpaqueBlock):
        return _opaque(block, rendering)
    if isinstance(block, AudioBlock):
        raise UnsupportedCapability(f"{NAME} takes no sound", capability="audio")
    rendering.refuse_foreign_file(block, NAME)
    wire = _RENDERERS[type(block)](block, rendering)
    # A mark for the prompt cache means the same whichever dialect it came in.
    if block.cache_control is not None:
        wire["cache_control"] = block.cache_control
    return {**own(block.extra, NAME), **wire} if rendering.is_own and block.extra else wire


def _thinking(block: ThinkingBlock, rendering: Rendering, origin: str | None) -> WireBlock | None:
    if not rendering.may_return(block, origin):
        return None
    if block.signature is None and block.encrypted is None:
        rendering.warn("reasoning without a signature was left out: Anthropic takes back what it has signed")
        return None
    if block.encrypted is not None:
        return {"type": "redacted_thinking", "data": block.encrypted}
    return {"type": "thinking", "thinking": block.text, "signature": block.signature}


def _opaque(block: OpaqueBlock, rendering: Rendering) -> WireBlock | None:
    if block.dialect == NAME:
        return dict(block.raw)
    rendering.leave_out_block(block, NAME)
    return None


def _text(block: TextBlock, _rendering: Rendering) -> WireBlock:
    return {"type": "text", "text": block.text}


def _tool_use(block: ToolUseBlock, _rendering: Rendering) -> WireBlock:
    return {"type": "tool_use", "id": plain_id(block.id), "name": block.name, "input": block.input}


def _tool_result(block: ToolResultBlock, rendering: Rendering) -> WireBlock:
    wire: WireBlock = {"type": "tool_result", "tool_use_id": plain_id(block.tool_use_id)}
    if block.content:
        wire["content"] = render_content(block.content, rendering)
    if block.is_error:
        wire["is_error"] = True
    return wire


def _image(block: ImageBlock, _rendering: Rendering) -> WireBlock:
    return image_block(block)


def image_block(block: ImageBlock) -> WireBlock:
    """Return a picture as the wire has it."""
    return {"type": "image", "source": _source(block, "image/png")}


def _document(block: DocumentBlock, rendering: Rendering) -> WireBlock:
    readable = block if rendering.dialect == NAME else _readable(block)
    wire: WireBlock = {"type": "document", "source": _source(readable, _PDF)}
    if block.name is not None:
        wire["title"] = block.name
    return wire


def _readable(block: DocumentBlock) -> DocumentBlock:
    """Return a document as Anthropic reads it: by value it takes PDF and plain text."""
    media_type = (block.media_type or _PDF).partition(";")[0].lower()
    if block.source != "base64" or media_type == _PDF:
        return block
    if not media_type.startswith("text/"):
        raise UnsupportedCapability(f"{NAME} takes no documents of type {media_type}", capability="document")
    try:
        text = base64.b64decode(block.data, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(f"a document of type {media_type} is no text in base64: {error}") from error
    return attrs.evolve(block, source="text", data=text, media_type=None)


def _source(block: ImageBlock | DocumentBlock, usual: str) -> WireBlock:
    source: WireBlock = {"type": block.source, _SOURCE_FIELDS[block.source]: block.data}
    if block.source == "base64":
        source["media_type"] = block.media_type or usual
    elif block.source == "text":
        source["media_type"] = block.media_type or "text/plain"
    return source


_RENDERERS: Final[Mapping[type, Callable[[Any, Rendering], WireBlock]]] = {
    TextBlock: _text,
    ToolUseBlock: _tool_use,
    ToolResultBlock: _tool_result,
    ImageBlock: _image,
    DocumentBlock: _document,
}
