"""What was told and is not kept yet."""

from __future__ import annotations

import collections
import itertools
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """Things on their way to a store, in order. It outlives the actor that fills and empties it, so that a crash loses none.

    They are taken in batches; a batch is given again until it is confirmed, so that one whose fate is unknown is repeated, and not forgotten.

    Args:
        capacity: How many may wait. One more, and the oldest of those that wait is dropped: nobody's request stops for it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: collections.deque[T] = collections.deque()
        self._taken: tuple[T, ...] = ()
        self.added = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._taken)

    @property
    def settled(self) -> int:
        """How many of all that were ever added are confirmed, or dropped."""
        return self.added - len(self)

    def add(self, thing: T) -> bool:
        """Add one; returns False when an older one had to be dropped for it."""
        self.added += 1
        self._waiting.append(thing)
        if len(self) <= self._capacity or len(self._waiting) == 1:
            return True
        self._waiting.popleft()
        self.dropped += 1
        return False

    def take(self, most: int) -> tuple[T, ...]:
        """Return the next batch, oldest first; the one before again if it was not confirmed."""
        if not self._taken:
            self._taken = tuple(itertools.islice(self._waiting, most))
            for _ in self._taken:
                self._waiting.popleft()
        return self._taken

    def confirm(self) -> None:
        """The batch is kept."""
        self._taken = ()
