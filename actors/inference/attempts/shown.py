"""What the caller has seen of a streamed answer, as far as it matters for somebody else to go on with it."""

from __future__ import annotations

import attrs

from ....messages.chat import Chunk, ChunkKind
from ....runtime import Sink


class Shown:
    """The text that went out, and whether it can be gone on with.

    It can while the answer is one block of text that is still open, perhaps after some reasoning. A tool call, half or whole, a second block of text
    and anything that comes whole cannot: what follows them is not the rest of a text.

    Attributes:
        block: Key of the block of text, or None before there is one.
        next_block: The first key that no block has had.
    """

    __slots__ = ("_ended", "_mixed", "_pieces", "block", "next_block")

    def __init__(self) -> None:
        self.block: int | None = None
        self.next_block = 0
        self._pieces: list[str] = []
        self._ended = False
        self._mixed = False

    @property
    def text(self) -> str:
        """The text."""
        return "".join(self._pieces)

    @property
    def is_open(self) -> bool:
        """Whether it can be gone on with: there is text, and nothing came after it."""
        return bool(self._pieces) and not self._ended and not self._mixed

    def note(self, chunk: Chunk) -> None:
        """Take down what goes out."""
        kind = chunk.kind
        if kind is ChunkKind.END:
            self._ended = True
        elif kind not in (ChunkKind.START, ChunkKind.USAGE):
            self.next_block = max(self.next_block, chunk.block + 1)
            if chunk.block_kind == "text":
                self._note_text(chunk)
            elif chunk.block_kind != "thinking":
                self._mixed = True

    def _note_text(self, chunk: Chunk) -> None:
        if self.block is None:
            self.block = chunk.block
        if chunk.block != self.block:
            self._mixed = True
        elif chunk.kind is ChunkKind.BLOCK_STOP:
            self._ended = True
        elif chunk.delta:
            self._pieces.append(chunk.delta)


class Recorder:
    """Writes down what goes out to the caller.

    Events go without the provider's own bytes: whoever renders them must not relay one part of an answer and write the other.
    """

    __slots__ = ("_sink", "shown")

    def __init__(self, sink: Sink, shown: Shown) -> None:
        self._sink = sink
        self.shown = shown

    async def send(self, chunk: Chunk, /) -> None:
        """Pass one chunk on."""
        self.shown.note(chunk)
        await self._sink.send(chunk if chunk.raw is None else attrs.evolve(chunk, raw=None, raw_dialect=None))
