"""Content blocks, written."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from ....messages.content import (
    AudioBlock,
    Content,
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
from ....messages.errors import UnsupportedCapability
from ..conversation import blocks_of
from ..plain_ids import plain_id
from ..rendering import Rendering
from .models import Model
from .words import NAME

WireBlock = dict[str, Any]

_IMAGES: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/jpg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_DOCUMENTS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_BUCKET: Final = "s3://"
# What names of documents may hold; everything else becomes a blank, and two blanks one.
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9\-()\[\]]+")
_LONGEST_NAME: Final = 200
_LONGEST_ID: Final = 64

# Bedrock refuses text that says nothing, and a result must say something.
NOTHING: Final = "(no output)"


@attrs.frozen
class Writing:
    """What the functions that write the blocks of one request share.

    Attributes:
        rendering: Takes the warnings.
        model: Who will read them.
        origin: Instance that will: signed reasoning goes back only there.
    """

    rendering: Rendering
    model: Model
    origin: str | None

    def cache_point(self, mark: Mapping[str, Any] | None, *, among_tools: bool = False) -> list[WireBlock]:
        """Return the mark for the prompt cache that stands after a block, where its model takes one."""
        if mark is None:
            return []
        if not (self.model.caches_tools if among_tools else self.model.caches_prompts):
            self.rendering.warn("marks for the prompt cache were left out: this model takes none")
            return []
        ttl = mark.get("ttl")
        return [{"cachePoint": {"type": "default", "ttl": ttl} if isinstance(ttl, str) else {"type": "default"}}]


def render_blocks(content: Content, writing: Writing) -> list[WireBlock]:
    """Return the content as the wire has it; text that says nothing is left out, for it is refused.

    Raises:
        UnsupportedCapability: There is no such block.
        InvalidRequestError: A tool call's arguments are no JSON object.
    """
    wire: list[WireBlock] = []
    for block in blocks_of(content):
        rendered = _block(block, writing)
        if rendered is not None:
            wire.append(rendered)
            wire += writing.cache_point(_mark_of(block))
    return wire


def _mark_of(block: ContentBlock) -> Extra | None:
    """Return the mark for the prompt cache after a block; there is no place for one within a result, so that it stands after that."""
    mark: Extra | None = getattr(block, "cache_control", None)
    if mark is None and isinstance(block, ToolResultBlock):
        within = [found for each in blocks_of(block.content) if (found := _mark_of(each)) is not None]
        return within[-1] if within else None
    return mark


def _block(block: ContentBlock, writing: Writing) -> WireBlock | None:
    if isinstance(block, OpaqueBlock):
        if block.dialect == NAME:
            return dict(block.raw)
        writing.rendering.leave_out_block(block, NAME)
        return None
    writing.rendering.refuse_foreign_file(block, NAME)
    return _RENDERERS[type(block)](block, writing)


def _text(block: TextBlock, _writing: Writing) -> WireBlock | None:
    return {"text": block.text} if block.text.strip() else None


def _thinking(block: ThinkingBlock, writing: Writing) -> WireBlock | None:
    if not writing.rendering.may_return(block, writing.origin):
        return None
    if block.encrypted is not None:
        return {"reasoningContent": {"redactedContent": block.encrypted}}
    if block.signature is None and writing.model.claude is not None:
        writing.rendering.warn("reasoning without a signature was left out: Anthropic takes back what it has signed")
        return None
    signature = {} if block.signature is None else {"signature": block.signature}
    return {"reasoningContent": {"reasoningText": {"text": block.text, **signature}}}


def _call(block: ToolUseBlock, _writing: Writing) -> WireBlock:
    return {"toolUse": {"toolUseId": plain_id(block.id, _LONGEST_ID), "name": block.name, "input": block.input}}


def _result(block: ToolResultBlock, writing: Writing) -> WireBlock:
    content = [wire for each in blocks_of(block.content) if (wire := _block(each, writing)) is not None]
    result = {"toolUseId": plain_id(block.tool_use_id, _LONGEST_ID), "content": content or [{"text": NOTHING}]}
    return {"toolResult": {**result, "status": "error"} if block.is_error else result}


def _image(block: ImageBlock, _writing: Writing) -> WireBlock:
    if block.source == "url":
        raise UnsupportedCapability(f"{NAME} takes pictures as base64 or from S3 only", capability="image_url")
    form = _IMAGES.get((block.media_type or _guessed(block.data, "image/png")).lower())
    if form is None:
        raise UnsupportedCapability(f"{NAME} takes no pictures of type {block.media_type}", capability="image")
    return {"image": {"format": form, "source": _source(block.data)}}


def _document(block: DocumentBlock, _writing: Writing) -> WireBlock:
    if block.source == "url":
        raise UnsupportedCapability(f"{NAME} takes documents as base64 or from S3 only", capability="document_url")
    usual = "text/plain" if block.source == "text" else _guessed(block.data, "application/pdf")
    form = _DOCUMENTS.get((block.media_type or usual).partition(";")[0].lower())
    if form is None:
        raise UnsupportedCapability(f"{NAME} takes no documents of type {block.media_type}", capability="document")
    data = base64.b64encode(block.data.encode()).decode() if block.source == "text" else block.data
    return {"document": {"format": form, "name": _name(block.name), "source": _source(data)}}


def _sound(block: AudioBlock, _writing: Writing) -> WireBlock:
    return {"audio": {"format": block.format, "source": {"bytes": block.data}}}


def _source(data: str) -> WireBlock:
    return {"s3Location": {"uri": data}} if data.startswith(_BUCKET) else {"bytes": data}


def _guessed(data: str, usual: str) -> str:
    """Return the type that the name of a file in S3 tells."""
    suffix = data.rpartition(".")[2].lower() if data.startswith(_BUCKET) else ""
    return next((media_type for media_type, form in (*_IMAGES.items(), *_DOCUMENTS.items()) if form == suffix), usual)


def _name(name: str | None) -> str:
    return _NOT_IN_A_NAME.sub(" ", name or "").strip()[:_LONGEST_NAME].strip() or "document"


_RENDERERS: Final[Mapping[type, Callable[[Any, Writing], WireBlock | None]]] = {
    TextBlock: _text,
    ThinkingBlock: _thinking,
    ToolUseBlock: _call,
    ToolResultBlock: _result,
    ImageBlock: _image,
    DocumentBlock: _document,
    AudioBlock: _sound,
}


def says_something(blocks: Iterable[WireBlock]) -> bool:
    """Return whether there is more than marks."""
    return any("cachePoint" not in block for block in blocks)
