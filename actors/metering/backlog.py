"""Rows that were told and are not in the store yet."""

from __future__ import annotations

import collections
import itertools

from ...messages.ledger import LedgerEntry


class Backlog:
    """The rows on their way to the store, in order. It outlives the actor that fills and empties it, so that a crash loses no row.

    Rows are taken in batches; a batch is given again until it is confirmed, so that one whose fate is unknown is repeated, and not forgotten.

    Args:
        capacity: Rows that may wait. One more, and the oldest of those that wait is dropped: routing does not stop for the ledger.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: collections.deque[LedgerEntry] = collections.deque()
        self._taken: tuple[LedgerEntry, ...] = ()
        self.added = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._taken)

    @property
    def settled(self) -> int:
        """How many of the rows that were ever added are confirmed, or dropped."""
        return self.added - len(self)

    def add(self, entry: LedgerEntry) -> bool:
        """Add a row; returns False when an older one had to be dropped for it."""
        self.added += 1
        self._waiting.append(entry)
        if len(self) <= self._capacity or len(self._waiting) == 1:
            return True
        self._waiting.popleft()
        self.dropped += 1
        return False

    def take(self, most: int) -> tuple[LedgerEntry, ...]:
        """Return the next batch, oldest first; the one before again if it was not confirmed."""
        if not self._taken:
            self._taken = tuple(itertools.islice(self._waiting, most))
            for _ in self._taken:
                self._waiting.popleft()
        return self._taken

    def confirm(self) -> None:
        """The batch is in the store."""
        self._taken = ()
