"""A whole answer as the chunks of a stream: of a server that does not stream, or of an answer that was there already."""

from __future__ import annotations

import attrs

from .chat import Begun, BlockKind, Chunk, ChunkKind, Response
from .content import AudioBlock, ImageBlock, OpaqueBlock, ThinkingBlock, ToolUseBlock


def chunks_of(response: Response) -> list[Chunk]:
    """Return the chunks that a stream of this answer might have had, every block in one piece."""
    begun = Begun(routing=response.routing, conversation_id=response.conversation_id)
    chunks = [Chunk(kind=ChunkKind.START, id=response.id, model=response.model, begun=begun)]
    for number, block in enumerate(response.message.blocks):
        if isinstance(block, ToolUseBlock):
            chunks += _block(number, "tool_use", block.arguments, tool_id=block.id, tool_name=block.name)
        elif isinstance(block, ThinkingBlock):
            chunks += _thinking(number, block)
        elif isinstance(block, (OpaqueBlock, ImageBlock, AudioBlock)):
            chunks += _whole(number, "opaque", block)
        else:
            chunks += _block(number, "text", getattr(block, "text", ""))
    end = Chunk(
        kind=ChunkKind.END,
        usage=response.usage,
        stop_reason=response.stop_reason,
        stop_sequence=response.stop_sequence,
    )
    return [*chunks, end]


def _thinking(number: int, block: ThinkingBlock) -> list[Chunk]:
    if block.encrypted is None:
        return _block(number, "thinking", block.text, signature=block.signature)
    if not block.text:
        return _whole(number, "thinking", block)
    *said, stop = _block(number, "thinking", block.text)
    return [*said, attrs.evolve(stop, content=block)]


def _whole(number: int, kind: BlockKind, block: ThinkingBlock | OpaqueBlock | ImageBlock | AudioBlock) -> list[Chunk]:
    return [
        Chunk(kind=ChunkKind.BLOCK_START, block=number, block_kind=kind, content=block),
        Chunk(kind=ChunkKind.BLOCK_STOP, block=number, block_kind=kind),
    ]


def _block(
    number: int,
    kind: BlockKind,
    text: str,
    *,
    signature: str | None = None,
    tool_id: str | None = None,
    tool_name: str | None = None,
) -> list[Chunk]:
    return [
        Chunk(kind=ChunkKind.BLOCK_START, block=number, block_kind=kind, tool_id=tool_id, tool_name=tool_name),
        Chunk(kind=ChunkKind.DELTA, block=number, block_kind=kind, delta=text, signature=signature),
        Chunk(kind=ChunkKind.BLOCK_STOP, block=number, block_kind=kind),
    ]
