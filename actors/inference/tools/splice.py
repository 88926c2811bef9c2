"""The streams of several rounds as the one stream that a caller reads."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ....messages.chat import Chunk, ChunkKind, StopReason, Usage
from ....runtime import Sink


class Splice:
    """Stands between the rounds and the caller: one beginning, one end, blocks numbered through, and our own tools' calls left out.

    Chunks lose the provider's own bytes: those belong to a stream of their own numbers and ids.

    Args:
        sink: The caller's.
        is_ours: Whether a tool of this name is run by us, so that its calls are none of the caller's business.
    """

    __slots__ = ("_end", "_is_ours", "_next", "_numbers", "_sink", "_started")

    def __init__(self, sink: Sink, is_ours: Callable[[str], bool]) -> None:
        self._sink = sink
        self._is_ours = is_ours
        self._started = False
        self._next = 0
        # Number of a block in its round -> in the whole, None for one that is left out.
        self._numbers: dict[int, int | None] = {}
        self._end: Chunk | None = None

    def begin_round(self) -> None:
        """Another answer follows."""
        self._numbers = {}

    async def send(self, chunk: Chunk, /) -> None:
        """Pass a chunk of a round on, as a chunk of the whole."""
        match chunk.kind:
            case ChunkKind.START:
                if not self._started:
                    self._started = True
                    await self._pass(chunk, chunk.block)
            case ChunkKind.USAGE:
                pass  # the end tells the sum
            case ChunkKind.END:
                self._end = chunk
            case _:
                number = self._number_of(chunk)
                if number is not None:
                    await self._pass(chunk, number)

    async def finish(self, stop_reason: StopReason, usage: Usage) -> None:
        """End the stream as the last round ended."""
        end = self._end or Chunk(kind=ChunkKind.END)
        await self._pass(attrs.evolve(end, stop_reason=stop_reason, usage=usage), end.block)

    def _number_of(self, chunk: Chunk) -> int | None:
        if chunk.block not in self._numbers:
            is_ours = chunk.block_kind == "tool_use" and chunk.tool_name is not None and self._is_ours(chunk.tool_name)
            self._numbers[chunk.block] = None if is_ours else self._next
            self._next += not is_ours
        return self._numbers[chunk.block]

    async def _pass(self, chunk: Chunk, number: int) -> None:
        await self._sink.send(attrs.evolve(chunk, block=number, raw=None, raw_dialect=None))
