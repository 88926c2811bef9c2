"""What a writer notes beside its work: before a write what it is about to keep, after it that it was told to be kept.

A note is one line, written by one call to the end of a file that is opened without a buffer, so `kill -9` loses none of those that were written.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path


class Journal:
    """The notes of one writer. Callable from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._lock = threading.Lock()

    def tried(self, table: str, ids: list[str]) -> None:
        """These are about to be kept, together."""
        self._note("tried", table, ids)

    def kept(self, table: str, ids: list[str]) -> None:
        """These were told to be kept."""
        self._note("kept", table, ids)

    def _note(self, what: str, table: str, ids: list[str]) -> None:
        with self._lock:
            if self._file is None:  # with the first note: whoever waits for the writer to begin waits for the file
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(self._file, json.dumps([what, table, ids]).encode() + b"\n")


def notes_of(path: Path) -> list[tuple[str, str, list[str]]]:
    """Return the notes that a writer left, () if it was killed before its first."""
    if not path.exists():
        return []
    return [(what, table, ids) for what, table, ids in map(json.loads, path.read_text().splitlines())]
