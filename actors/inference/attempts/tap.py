"""The commit point of a stream: until the first content has reached the caller, another target may silently take over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from ....messages.chat import Begun, Chunk
from ....runtime import Sink

# Lifecycle chunks before the first content: a role, a model name, an empty block or two. A provider that sends more has begun to answer.
_MOST_HELD: Final = 64


class Tap:
    """Stands between one attempt and the caller.

    Lifecycle chunks are held back until content comes; then they go out before it, and the attempt is committed: its failure can no longer be
    hidden. A fresh tap is used for every attempt, so what a failed attempt had said before its first content is forgotten.

    Args:
        sink: Leads to the caller.
        begun: Tells who has begun to answer, when it has.
    """

    __slots__ = ("_begun", "_held", "_sink", "committed")

    def __init__(self, sink: Sink, begun: Callable[[], Begun | None]) -> None:
        self._sink = sink
        self._begun = begun
        self._held: list[Chunk] = []
        self.committed = False

    async def send(self, chunk: Chunk, /) -> None:
        """Hold the chunk back, or pass it on."""
        if self.committed:
            await self._sink.send(chunk)
            return
        self._held.append(chunk)
        if chunk.is_content or len(self._held) > _MOST_HELD:
            await self.commit()

    async def commit(self) -> None:
        """Pass on what was held back; at the latest when the attempt has succeeded."""
        self.committed = True
        held, self._held = self._held, []
        if held:
            held[0] = attrs.evolve(held[0], begun=self._begun())
        for chunk in held:
            await self._sink.send(chunk)
