"""The whole answer, collected from its chunks as they go by."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ...messages.chat import ChatMessage, Chunk, ChunkKind, Response, StopReason, Usage, new_id
from ...messages.content import (
    AudioBlock,
    ContentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)
from ..dialects.extras import marked

_NO_USAGE = Usage(source="partial")


# Blocks that come whole.
_Whole: TypeAlias = ThinkingBlock | OpaqueBlock | ImageBlock | AudioBlock


class _OpenBlock:
    """A block while it grows: fragments in a list, joined once."""

    __slots__ = ("fragments", "kind", "signature", "tool_id", "tool_name", "whole")

    def __init__(self, kind: str, tool_id: str | None, tool_name: str | None, whole: _Whole | None) -> None:
        self.kind = kind
        self.whole = whole
        self.fragments: list[str] = []
        self.signature: str | None = None
        self.tool_id = tool_id
        self.tool_name = tool_name

    def block(self, origin: str | None) -> ContentBlock | None:
        """Return what it has become; None for a text or thinking block that never said anything."""
        if self.whole is not None:
            return attrs.evolve(self.whole, origin=origin) if isinstance(self.whole, ThinkingBlock) else self.whole
        text = "".join(self.fragments)
        if self.kind == "tool_use":
            return ToolUseBlock(id=self.tool_id or new_id("call_"), name=self.tool_name or "", arguments=text or "{}")
        if self.kind == "thinking":
            said = text or self.signature
            return ThinkingBlock(text=text, signature=self.signature, origin=origin) if said else None
        return TextBlock(text=text) if text else None


class ResponseBuilder:
    """Takes every chunk of one answer and returns the `Response` they amount to.

    Attributes:
        size: Characters collected.
        has_content: Whether a chunk has shown something (`Chunk.is_content`).
    """

    __slots__ = ("_blocks", "_id", "_model", "_stop_reason", "_stop_sequence", "_usage", "has_content", "size")

    def __init__(self) -> None:
        self._blocks: dict[int, _OpenBlock] = {}
        self._id: str | None = None
        self._model: str | None = None
        self._stop_reason = StopReason.UNKNOWN
        self._stop_sequence: str | None = None
        self._usage: Usage | None = None
        self.has_content = False
        self.size = 0

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        kind = chunk.kind
        if kind is ChunkKind.DELTA:
            self._grow(chunk)
        elif kind is ChunkKind.BLOCK_START:
            self._open(chunk)
        elif kind is not ChunkKind.BLOCK_STOP:
            self._note(chunk)
        elif chunk.content is not None and chunk.block in self._blocks:
            self._blocks[chunk.block].whole = chunk.content

    def build(
        self,
        *,
        model: str,
        created: int,
        origin: str | None = None,
        dialect: str | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Response:
        """Return the answer so far.

        Args:
            model: Name of the model, where no chunk told it.
            created: Unix seconds.
            origin: Provider instance, for thinking blocks.
            dialect: What it speaks, for blocks with fields that have no name of ours.
            warnings: What was lost on the way.
        """
        blocks = [open_block.block(origin) for open_block in self._blocks.values()]
        content = tuple([block for block in blocks if block is not None])
        message = ChatMessage(role="assistant", content=content)
        return Response(
            message=message if dialect is None else marked(message, dialect),
            id=self._id or new_id("resp_"),
            model=self._model or model,
            created=created,
            stop_reason=self._stop_reason,
            stop_sequence=self._stop_sequence,
            usage=self._usage or _NO_USAGE,
            warnings=warnings,
        )

    def _grow(self, chunk: Chunk) -> None:
        block = self._blocks.get(chunk.block) or self._open(chunk)
        delta = chunk.delta
        if delta:
            block.fragments.append(delta)
            self.size += len(delta)
            self.has_content = True
        if chunk.signature is not None:
            block.signature = (block.signature or "") + chunk.signature

    def _open(self, chunk: Chunk) -> _OpenBlock:
        block = self._blocks[chunk.block] = _OpenBlock(
            chunk.block_kind or "text", chunk.tool_id, chunk.tool_name, chunk.content
        )
        if block.kind == "tool_use":
            self.has_content = True
        return block

    def _note(self, chunk: Chunk) -> None:
        """START, USAGE, END: each says a part of what stands beside the message; what is said last holds."""
        self._id = chunk.id or self._id
        self._model = chunk.model or self._model
        self._usage = chunk.usage or self._usage
        self._stop_reason = chunk.stop_reason or self._stop_reason
        self._stop_sequence = chunk.stop_sequence or self._stop_sequence
