"""Puts the frames of a streamed answer in order: brokers may deliver one twice, or two the other way round."""

from __future__ import annotations

from typing import Final

from ...messages.chat import Chunk

# Frames that may be ahead of one that is missing; a worker never has more under way than it has credits for.
MOST_AHEAD: Final = 1024


class Reassembly:
    """The frames of one answer.

    Attributes:
        duplicates: Frames that had come before.
    """

    def __init__(self) -> None:
        self._next = 0
        self._ahead: dict[int, tuple[Chunk, ...]] = {}
        self._total: int | None = None
        self.duplicates = 0

    @property
    def received(self) -> int:
        """Frames that were handed on."""
        return self._next

    @property
    def is_complete(self) -> bool:
        """Whether the last word has come, and every frame before it."""
        return self._total is not None and self._next >= self._total

    def add(self, sequence: int, chunks: tuple[Chunk, ...]) -> list[Chunk]:
        """Take a frame and return all chunks that are next, in order; [] while one before them is missing.

        Raises:
            ValueError: It is further ahead than any worker may be.
        """
        if sequence < self._next or sequence in self._ahead:
            self.duplicates += 1
            return []
        if sequence - self._next > MOST_AHEAD:
            raise ValueError(f"frame {sequence} came while frame {self._next} is missing")
        self._ahead[sequence] = chunks
        ready: list[Chunk] = []
        while self._next in self._ahead:
            ready += self._ahead.pop(self._next)
            self._next += 1
        return ready

    def finish(self, total: int) -> None:
        """Take the last word: so many frames there were."""
        self._total = total
