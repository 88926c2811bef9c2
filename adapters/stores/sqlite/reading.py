"""The file as a command reads it, beside the process that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ....messages.errors import StoreReadOnly
from ..sql.access import Lane
from ..sql.words import Words
from ..sql.writes import Statement
from .faults import fault_of
from .opening import open_reader
from .words import WORDS


class ReadOnlyFile:
    """The file without a loop and without a thread: for commands, which wait anyway.

    Args:
        path: The file.
        connection: Opened for reading.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    @property
    def words(self) -> Words:
        """What SQLite says in its own way."""
        return WORDS

    async def write(self, *_statements: Statement) -> None:
        """Refuse.

        Raises:
            StoreReadOnly: Always.
        """
        raise StoreReadOnly(f"{self._path}: is open for reading alone", store=str(self._path))

    async def settle(self) -> None:
        """Nothing is ever under way."""

    async def read(
        self,
        sql: str,
        parameters: Sequence[Any] = (),
        *,
        lane: Lane = Lane.REPORTS,  # noqa: ARG002 - there is only one
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a query.

        Raises:
            StoreError: It cannot be read.
        """
        try:
            return list(self._connection.execute(sql, parameters))
        except sqlite3.Error as error:
            raise fault_of(error, str(self._path)) or error from error


@contextmanager
def read_only(path: Path) -> Iterator[ReadOnlyFile]:
    """Open the file for reading.

    Raises:
        StoreError: There is none, or why it cannot be used.
    """
    connection = open_reader(path)
    try:
        yield ReadOnlyFile(path, connection)
    finally:
        connection.close()
