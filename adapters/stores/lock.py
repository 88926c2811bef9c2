"""One writer per file: a lock that the system itself takes away from a process that dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from ...messages.errors import StoreInUse

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        # A byte far behind the text, which others may read.
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """Held as long as its file is open.

    A file of its own, beside the one that is written: closing any handle of a database would make the system forget SQLite's own locks on it.

    Args:
        guarded: The file that is written.
        setting: What names it, for the error.
    """

    def __init__(self, guarded: Path, setting: str = "store.path") -> None:
        self._guarded = guarded
        self._setting = setting
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StoreInUse: Another process has it, or another gateway in this one.
            OSError: The lock's file cannot be made.
        """
        path = self._guarded.with_name(self._guarded.name + ".lock")
        # Not os.O_TRUNC: until the lock is ours, the text in it is another's.
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8", errors="replace")
        try:
            _take(file)
        except OSError as error:
            holder = file.read(20).strip()
            file.close()
            raise StoreInUse(f"{self._guarded}: {self._held_by(holder)}", store=str(self._guarded)) from error
        file.truncate(0)
        file.seek(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let the lock go. May be called twice, or before `acquire`."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _held_by(self, holder: str) -> str:
        if holder == str(os.getpid()):
            return f"another gateway in this process uses it; give each a file of its own ({self._setting})"
        who = f"process {holder}" if holder.isdigit() else "another process"
        return f"{who} uses it; one file serves one process: give each its own ({self._setting})"
