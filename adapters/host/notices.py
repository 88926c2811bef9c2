"""Lines for the person who starts a gateway: those known at the start, and those that follow."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Final

# Enough for every instance of a large set-up; a flapping one must not fill the memory of a host that never looks.
MOST_LINES: Final = 500


class NoticeBoard:
    """Takes lines from any thread and keeps them in order; implements `actors.announcer.Announcer`.

    Args:
        lines: The first ones.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._lines = tuple(lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines so far, oldest first; at most 500, after which new ones are not kept."""
        return self._lines

    def announce(self, lines: Sequence[str]) -> None:
        """Add lines."""
        with self._lock:
            self._lines = (*self._lines, *lines)[:MOST_LINES]
