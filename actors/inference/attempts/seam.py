"""Where a second answer is joined to what the caller has seen of the first."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from ....messages.chat import Chunk, ChunkKind
from ....messages.errors import CancelledError
from .shown import Recorder

Way: TypeAlias = Literal["continued", "joined"]

# Who was asked to go on, and begins with as much of the same text, has begun anew. Shorter texts may be repeated by chance.
_NO_CHANCE: Final = 32


class Seam:
    """Takes the chunks of a second answer and passes on what the caller has not seen.

    A fresh answer must begin with every character that was shown; at the first other one it is given up. A target that goes on with the text is
    believed, unless it begins anew. Reasoning is left out: the caller is in the middle of a text.

    Attributes:
        way: How the answer goes on, once that is decided.
        differs: Whether it was given up because it is another answer.
    """

    __slots__ = (
        "_continues",
        "_expected",
        "_keys",
        "_main",
        "_matched",
        "_out",
        "_tail",
        "_thoughts",
        "differs",
        "way",
    )

    def __init__(self, out: Recorder, *, continues: bool) -> None:
        text = out.shown.text
        self._out = out
        self._expected = text
        self._continues = continues
        self._matched = 0
        # Blanks at the end were not sent along, since some refuse them; they come again, or do not.
        self._tail = text[len(text.rstrip()) :]
        self._keys: dict[int, int] = {}
        self._thoughts: set[int] = set()
        self._main: int | None = None
        self.way: Way | None = "continued" if continues and len(text) < _NO_CHANCE else None
        self.differs = False

    async def send(self, chunk: Chunk, /) -> None:
        """Take the next chunk.

        Raises:
            CancelledError: It is another answer, or the reader is gone.
        """
        kind = chunk.kind
        if kind is ChunkKind.END:
            await self.finish()
            await self._out.send(chunk)
        elif kind is ChunkKind.USAGE:
            if self.way is not None:
                await self._out.send(chunk)
        elif kind is not ChunkKind.START and not self._is_thought(chunk):
            await self._block(chunk)

    async def finish(self) -> None:
        """Say that there is no more: an answer that ends before the end of what was shown is another one.

        Raises:
            CancelledError: It is.
        """
        if self.way is None:
            await self._decide()
        await self._close_text()

    def _is_thought(self, chunk: Chunk) -> bool:
        if chunk.block_kind == "thinking":
            self._thoughts.add(chunk.block)
        return chunk.block in self._thoughts

    async def _block(self, chunk: Chunk) -> None:
        if chunk.block_kind == "text" and self._main is None:
            self._main = chunk.block
        if chunk.block == self._main:
            await self._text(chunk)
            return
        if self.way is None:
            await self._decide()
        if chunk.kind is ChunkKind.BLOCK_START:
            await self._close_text()
        key = self._keys.setdefault(chunk.block, self._out.shown.next_block)
        await self._out.send(attrs.evolve(chunk, block=key))

    async def _text(self, chunk: Chunk) -> None:
        if chunk.kind is ChunkKind.DELTA:
            await (self._compare(chunk.delta) if self.way is None else self._say(chunk.delta))
        elif chunk.kind is ChunkKind.BLOCK_STOP:
            if self.way is None:
                await self._decide()
            await self._close_text()

    async def _compare(self, delta: str) -> None:
        """Hold text back as long as it is what was shown."""
        expected = self._expected[self._matched : self._matched + len(delta)]
        if not delta.startswith(expected):
            await self._differ(delta)
            return
        self._matched += len(expected)
        if self._matched == len(self._expected):
            self.way, self._tail = "joined", ""
            await self._say(delta[len(expected) :])

    async def _differ(self, delta: str = "") -> None:
        if not self._continues:
            self.differs = True
            raise CancelledError("the second answer does not begin with what was shown of the first")
        held = self._expected[: self._matched]
        self.way = "continued"
        await self._say(held + delta)

    async def _decide(self) -> None:
        """Its text has ended, and was no more than a part of what was shown."""
        await self._differ()

    async def _say(self, text: str) -> None:
        while self._tail and text:
            if text[0] != self._tail[0]:
                self._tail = ""
            else:
                self._tail, text = self._tail[1:], text[1:]
        if text:
            block = self._out.shown.block
            assert block is not None
            await self._out.send(Chunk(kind=ChunkKind.DELTA, block=block, block_kind="text", delta=text))

    async def _close_text(self) -> None:
        shown = self._out.shown
        if shown.is_open and shown.block is not None:
            await self._out.send(Chunk(kind=ChunkKind.BLOCK_STOP, block=shown.block, block_kind="text"))
