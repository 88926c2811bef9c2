"""The record in a file of JSON lines, which is put aside when it is long enough."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from ...messages.audit import AuditEvent
from ...messages.errors import StoreError, StoreFull, StoreReadOnly, StoreUnavailable
from ..stores.lock import WriterLock
from .lines import json_of
from .thread import BlockingThread

_FAULTS: Final[dict[int, type[StoreError]]] = {
    errno.ENOSPC: StoreFull,
    errno.EDQUOT: StoreFull,
    errno.EROFS: StoreReadOnly,
    errno.EACCES: StoreReadOnly,
    errno.EPERM: StoreReadOnly,
}


class JsonLines:
    """A file that only grows. Synchronous: for a thread of its own.

    Args:
        path: The file; made with its folder, readable by its owner alone.
        max_bytes: Size past which it is put aside as "NAME.1", and what was there before as "NAME.2" and so on.
        keep_files: Files put aside that are kept.
    """

    def __init__(self, path: Path, max_bytes: int, keep_files: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._keep = keep_files
        self._file: io.FileIO | None = None
        self._size = 0
        self._lock = WriterLock(path, "audit.path")

    def append(self, lines: bytes) -> None:
        """Write whole lines; they are on the disk on return.

        Raises:
            StoreError: None of them is.
        """
        try:
            file = self._file or self._open()
            if self._size and self._size + len(lines) > self._max_bytes:
                file = self._rotate(file)
            _write(file, lines)
            os.fsync(file.fileno())
            self._size += len(lines)
        except OSError as error:
            self._take_back()
            cls = _FAULTS.get(error.errno or 0, StoreUnavailable)
            raise cls(f"{self._path}: cannot be written ({error.strerror or error})", store=str(self._path)) from error

    def close(self) -> None:
        """Close the file. May be called twice."""
        file, self._file = self._file, None
        self._lock.release()
        if file is not None:
            with suppress(OSError):  # what could not be written was told already
                file.close()

    def _take_back(self) -> None:
        """Cut off what was written of lines that could not be written whole: they will come again."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(self._size)
        self.close()

    def _open(self) -> io.FileIO:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.acquire()
        return self._opened()

    def _rotate(self, file: io.FileIO) -> io.FileIO:
        file.close()
        self._file = None
        for number in range(self._keep, 0, -1):
            older = self._aside(number)
            newer = self._aside(number - 1) if number > 1 else self._path
            if newer.exists():
                newer.replace(older)
        if self._keep == 0:
            self._path.unlink()
        return self._opened()

    def _opened(self) -> io.FileIO:
        """Open the file at its end, without the half of a line that a dead process may have left there."""
        file = io.FileIO(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        self._size = _whole_lines(file)
        file.truncate(self._size)
        file.seek(self._size)
        self._file = file
        return file

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def _write(file: io.FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _whole_lines(file: io.FileIO) -> int:
    """Return how many bytes of the file are whole lines."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 65536)
        file.seek(start)
        last = file.read(end - start).rfind(b"\n")
        if last >= 0:
            return start + last + 1
        end = start
    return 0


class JsonLinesSink:
    """Writes every event as one line of JSON.

    Args:
        file: Where to.
    """

    def __init__(self, file: JsonLines) -> None:
        self._file = file
        self._thread = BlockingThread("legion-audit")
        self._written: list[str] = []

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Write the events together; a batch that is given again, because nobody heard of its end, is written once."""
        await self._thread.run(self._write, events)

    def _write(self, events: Sequence[AuditEvent]) -> None:
        """Write in the thread, one batch after the other, so that one whose writer was cancelled meanwhile is known to be written."""
        batch = [event.id for event in events]
        if batch == self._written:
            return
        self._file.append(b"".join([json_of(event) + b"\n" for event in events]))
        self._written = batch

    async def aclose(self) -> None:
        """Close the file."""
        await self._thread.run(self._file.close)
        self._thread.close()
