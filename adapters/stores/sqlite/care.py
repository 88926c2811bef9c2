"""What an operator does with the file: look whether it is sound, and bring its schema forward."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from ....messages.errors import StoreCorrupt
from ..lock import WriterLock
from ..status import Condition
from .faults import fault_of
from .migrations import NEWEST
from .opening import FileOptions, connect_for_reading, open_writer, version_of

# Findings that are shown; a file that is damaged has thousands.
_MOST_FINDINGS: Final = 20


def examine(path: Path) -> Condition:
    """Read all of the file and check that it is sound; it may be in use meanwhile.

    Raises:
        StoreCorrupt: It is not; the message says what was found.
        StoreError: It cannot be read.
    """
    connection = connect_for_reading(path)
    try:
        version = version_of(connection, path)
        findings = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST_FINDINGS})")]
        if findings != ["ok"]:
            raise StoreCorrupt(f"{path}: is damaged: {'; '.join(findings)}", store=str(path))
        tables = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {
            table: int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - its own names
            for table in sorted(tables)
            if not table.startswith("sqlite_")
        }
    except sqlite3.Error as error:
        raise fault_of(error, str(path)) or error from error
    finally:
        connection.close()
    return Condition(place=str(path), version=version, newest=NEWEST, size_bytes=path.stat().st_size, rows=rows)


def bring_forward(path: Path) -> tuple[int, int]:
    """Migrate the file to the newest schema, making it where it is missing; returns the versions before and after.

    Raises:
        StoreInUse: A process is using it.
        StoreError: Why else it cannot be done; the file is as it was.
    """
    before = 0
    if path.exists():
        connection = connect_for_reading(path)
        try:
            before = version_of(connection, path)
        except sqlite3.Error as error:
            raise fault_of(error, str(path)) or error from error
        finally:
            connection.close()
    lock = WriterLock(path)
    try:
        open_writer(FileOptions(path=path), lock).close()
    finally:
        lock.release()
    return before, NEWEST
