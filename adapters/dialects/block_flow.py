"""The chunks of an answer as a parser finds them: blocks open, grow and close in the right order, whatever the wire's order is."""

from __future__ import annotations

from typing import Literal

from ...messages.chat import BlockKind, Chunk, ChunkKind, StopReason, Usage, new_id
from ...messages.content import AudioBlock, ImageBlock, OpaqueBlock, ThinkingBlock

_START, _OPEN, _DELTA, _CLOSE = ChunkKind.START, ChunkKind.BLOCK_START, ChunkKind.DELTA, ChunkKind.BLOCK_STOP


class BlockFlow:
    """Collects chunks, and knows which blocks are open.

    At most one text or thinking block is open at a time; tool calls may grow side by side, and stay open to the end.

    Attributes:
        raw: Bytes of the current event, to ride on its next chunk; the chunks after that get b"". None: on no chunk.
        started: Whether START has been said.
        ended: Whether END has been said.
        has_calls: Whether a tool call has been opened.
    """

    __slots__ = (
        "_calls",
        "_chunks",
        "_dialect",
        "_next",
        "_open",
        "_open_kind",
        "ended",
        "has_calls",
        "raw",
        "started",
    )

    def __init__(self, dialect: str | None = None) -> None:
        """Begin an answer; `dialect` is the `raw_dialect` of its chunks."""
        self._dialect = dialect
        self._chunks: list[Chunk] = []
        self._next = 0
        self._open = 0
        self._open_kind: BlockKind | None = None
        self._calls: dict[int, bool] = {}
        self.raw: bytes | None = None
        self.started = False
        self.ended = False
        self.has_calls = False

    def take(self) -> list[Chunk]:
        """Return the chunks collected since the last call."""
        chunks, self._chunks = self._chunks, []
        return chunks

    def start(self, answer_id: str | None, model: str | None) -> None:
        """The provider began to answer."""
        self.started = True
        self._chunks.append(Chunk(kind=_START, id=answer_id, model=model, raw=self._ride(), raw_dialect=self._dialect))

    def say(self, kind: Literal["text", "thinking"], delta: str) -> None:
        """Text or reasoning grows."""
        if self._open_kind != kind:
            self._close_open()
            self._open, self._open_kind = self._opened(kind), kind
        self._grow(self._open, kind, delta)

    def open_call(self, call_id: str | None, name: str) -> int:
        """Open a tool call and return its block; a call without an id gets one."""
        self._close_open()
        block = self._opened("tool_use", call_id or new_id("call_"), name)
        self._calls[block] = False
        self.has_calls = True
        return block

    def grow_call(self, block: int, arguments: str) -> None:
        """Arguments of a call grow."""
        if arguments:
            self._calls[block] = True
            self._grow(block, "tool_use", arguments)

    def sign(self, signature: str) -> None:
        """Sign the thought that is open, else one of its own that says nothing, and close it."""
        if self._open_kind != "thinking":
            self._close_open()
            self._open, self._open_kind = self._opened("thinking"), "thinking"
        self._chunks.append(
            Chunk(
                kind=_DELTA,
                block=self._open,
                block_kind="thinking",
                signature=signature,
                raw=self._ride(),
                raw_dialect=self._dialect,
            )
        )
        self._close_open()

    def conclude(self, thought: ThinkingBlock) -> None:
        """Close the thought that is open with what no delta could say of it (an encrypted form); where none is open it is one of its own."""
        if self._open_kind != "thinking":
            self.whole(thought, is_relayed=self.raw == b"")
            return
        self._chunks.append(
            Chunk(
                kind=_CLOSE,
                block=self._open,
                block_kind="thinking",
                content=thought,
                raw=self._ride(),
                raw_dialect=self._dialect,
            )
        )
        self._open_kind = None

    def pause(self) -> None:
        """Close the text or thought that is open; calls go on."""
        self._close_open()

    def close_call(self, block: int) -> None:
        """Close one call; one that never said its arguments has none: {}."""
        if not self._calls.pop(block):
            self._grow(block, "tool_use", "{}")
        self._closed(block, "tool_use")

    def whole(self, content: OpaqueBlock | ImageBlock | AudioBlock | ThinkingBlock, *, is_relayed: bool) -> None:
        """Say a block that does not grow; `is_relayed` when the events that it was collected from have gone out already."""
        self._close_open()
        block = self._next
        self._next = block + 1
        raw = self._ride()
        if raw is None and is_relayed:
            raw = b""
        kind: BlockKind = "thinking" if isinstance(content, ThinkingBlock) else "opaque"
        self._chunks.append(
            Chunk(kind=_OPEN, block=block, block_kind=kind, content=content, raw=raw, raw_dialect=self._dialect)
        )
        self._closed(block, kind)

    def close(self) -> None:
        """Close what is open, in order of opening. A call that never said its arguments has none: {}."""
        for block, said in self._calls.items():
            if not said:
                self._grow(block, "tool_use", "{}")
            self._closed(block, "tool_use")
        self._calls.clear()
        self._close_open()

    def usage(self, usage: Usage) -> None:
        """Tokens so far."""
        self._chunks.append(Chunk(kind=ChunkKind.USAGE, usage=usage, raw=self._ride(), raw_dialect=self._dialect))

    def end(self, reason: StopReason, stop_sequence: str | None = None) -> None:
        """The model stopped; said once."""
        self.ended = True
        self._chunks.append(
            Chunk(
                kind=ChunkKind.END,
                stop_reason=reason,
                stop_sequence=stop_sequence,
                raw=self._ride(),
                raw_dialect=self._dialect,
            )
        )

    def has_silent_call(self) -> bool:
        """Whether an open call has said no arguments yet."""
        return not all(self._calls.values())

    def _ride(self) -> bytes | None:
        raw = self.raw
        if raw:
            self.raw = b""
        return raw

    def _opened(self, kind: BlockKind, tool_id: str | None = None, tool_name: str | None = None) -> int:
        block = self._next
        self._next = block + 1
        self._chunks.append(
            Chunk(
                kind=_OPEN,
                block=block,
                block_kind=kind,
                tool_id=tool_id,
                tool_name=tool_name,
                raw=self._ride(),
                raw_dialect=self._dialect,
            )
        )
        return block

    def _grow(self, block: int, kind: BlockKind, delta: str) -> None:
        self._chunks.append(
            Chunk(kind=_DELTA, block=block, block_kind=kind, delta=delta, raw=self._ride(), raw_dialect=self._dialect)
        )

    def _close_open(self) -> None:
        if self._open_kind is not None:
            self._closed(self._open, self._open_kind)
            self._open_kind = None

    def _closed(self, block: int, kind: BlockKind) -> None:
        self._chunks.append(
            Chunk(kind=_CLOSE, block=block, block_kind=kind, raw=self._ride(), raw_dialect=self._dialect)
        )
