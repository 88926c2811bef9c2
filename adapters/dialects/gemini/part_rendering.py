"""Parts of contents, written: for a provider, and for a client."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ....messages.content import (
    AudioBlock,
    ContentBlock,
    DocumentBlock,
    Extra,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)
from ..extras import own
from ..rendering import Rendering
from .call_ids import is_made
from .parts import ALONE, SILENT_THOUGHT
from .words import NAME

WirePart = dict[str, Any]
# Returns the signature of a thought as its reader may have it, or None.
Sign = Callable[[ThinkingBlock], str | None]

SIGNATURE: Final = "thoughtSignature"
_MARKS: Final = ALONE.keys() | SILENT_THOUGHT.keys()


def render_parts(blocks: Iterable[ContentBlock], rendering: Rendering, sign: Sign) -> list[WirePart]:
    """Return the parts for blocks; a signature goes onto the part that it stood on.

    Args:
        blocks: Blocks of one message, results of tools excepted.
        rendering: Takes the warnings.
        sign: Returns the signature of a thought, or None where it has none or must not go along.

    Raises:
        UnsupportedCapability: There is no such part.
        InvalidRequestError: A tool call's arguments are no JSON object.
    """
    parts: list[WirePart] = []
    pending: str | None = None
    for block in blocks:
        if isinstance(block, ThinkingBlock):
            parts += _alone(pending)
            pending = _add_thought(parts, block, rendering, sign)
        elif (part := render_part(block, rendering)) is not None:
            if pending is not None:
                part[SIGNATURE] = pending
                pending = None
            parts.append(part)
    return [*parts, *_alone(pending)]


def _alone(signature: str | None) -> list[WirePart]:
    return [] if signature is None else [{"text": "", SIGNATURE: signature}]


def _add_thought(parts: list[WirePart], block: ThinkingBlock, rendering: Rendering, sign: Sign) -> str | None:
    """Add a thought; returns a signature that is the next part's."""
    signature = sign(block)
    is_silent = SILENT_THOUGHT.keys() <= block.extra.keys()
    if block.text or is_silent:
        thought = {"text": block.text, "thought": True}
        parts.append(_with_extra(thought, block.extra, rendering))
        if signature is not None:
            parts[-1][SIGNATURE] = signature
    elif signature is not None:
        if rendering.is_own and ALONE.keys() <= block.extra.keys():
            parts += _alone(signature)
        else:
            return signature
    return None


def render_part(block: ContentBlock, rendering: Rendering) -> WirePart | None:
    """Return the part for one block; None for one that only another dialect understands, with a warning."""
    if isinstance(block, OpaqueBlock):
        return _opaque(block, rendering)
    rendering.refuse_foreign_file(block, NAME)
    return _with_extra(_RENDERERS[type(block)](block, rendering), block.extra, rendering)


def _with_extra(part: WirePart, extra: Extra, rendering: Rendering) -> WirePart:
    if not extra or not rendering.is_own:
        return part
    for key, value in own(extra, NAME).items():
        known = part.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            part[key] = {**known, **value}
        elif key not in part and key not in _MARKS:
            part[key] = value
    return part


def _opaque(block: OpaqueBlock, rendering: Rendering) -> WirePart | None:
    if block.dialect == NAME:
        return dict(block.raw)
    rendering.leave_out_block(block, NAME)
    return None


def _text(block: TextBlock, _rendering: Rendering) -> WirePart:
    return {"text": block.text}


def _call(block: ToolUseBlock, _rendering: Rendering) -> WirePart:
    call: WirePart = {"name": block.name, "args": block.input}
    return {"functionCall": call if is_made(block.id) else {"id": block.id, **call}}


def _image(block: ImageBlock, rendering: Rendering) -> WirePart:
    if block.source == "base64":
        return _inline(block.media_type or "image/png", block.data)
    return _file(block, rendering)


def _sound(block: AudioBlock, _rendering: Rendering) -> WirePart:
    return _inline(f"audio/{block.format}", block.data)


def _document(block: DocumentBlock, rendering: Rendering) -> WirePart:
    if block.source == "text":
        return _inline(block.media_type or "text/plain", base64.b64encode(block.data.encode()).decode())
    if block.source == "base64":
        return _inline(block.media_type or "application/pdf", block.data)
    return _file(block, rendering)


def _inline(media_type: str, data: str) -> WirePart:
    return {"inlineData": {"mimeType": media_type, "data": data}}


def _file(block: ImageBlock | DocumentBlock, rendering: Rendering) -> WirePart:
    media_type = block.media_type
    if media_type is None and rendering.dialect != NAME:
        media_type = mimetypes.guess_type(block.data)[0]
    file = {"fileUri": block.data}
    return {"fileData": file if media_type is None else {"mimeType": media_type, **file}}


_RENDERERS: Final[Mapping[type, Callable[[Any, Rendering], WirePart]]] = {
    TextBlock: _text,
    ToolUseBlock: _call,
    ImageBlock: _image,
    AudioBlock: _sound,
    DocumentBlock: _document,
}
