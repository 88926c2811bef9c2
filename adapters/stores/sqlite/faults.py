"""What SQLite's complaints mean: one table, by its primary result codes."""

from __future__ import annotations

import sqlite3
from typing import Final

from ....messages.errors import (
    StoreConflict,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreInUse,
    StoreReadOnly,
    StoreUnavailable,
)

# The primary result code is the low byte; the rest says more, to the text of the error alone.
_PRIMARY: Final = 0xFF

# Code -> error and what a person reads; SQLite's own words follow. What is missing here is a bug of ours, and stays one.
FAULTS: Final[dict[int, tuple[type[StoreError], str]]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "the disk is full"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "it cannot be written"),
    sqlite3.SQLITE_BUSY: (StoreInUse, "another process has locked it"),
    sqlite3.SQLITE_LOCKED: (StoreInUse, "another connection has locked it"),
    sqlite3.SQLITE_PROTOCOL: (StoreInUse, "its locks cannot be taken"),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "it is damaged"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "it is no SQLite database"),
    # A table or column is missing: somebody has changed the file by hand.
    sqlite3.SQLITE_ERROR: (StoreCorrupt, "it does not hold what it should"),
    sqlite3.SQLITE_CONSTRAINT: (StoreConflict, "what is there already contradicts"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, "it cannot be opened"),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "the disk fails"),
    sqlite3.SQLITE_PERM: (StoreUnavailable, "access is denied"),
    sqlite3.SQLITE_AUTH: (StoreUnavailable, "access is denied"),
    sqlite3.SQLITE_NOMEM: (StoreUnavailable, "memory has run out"),
    sqlite3.SQLITE_NOLFS: (StoreUnavailable, "the file system cannot hold a file of this size"),
    sqlite3.SQLITE_INTERRUPT: (StoreUnavailable, "it took too long"),
    sqlite3.SQLITE_ABORT: (StoreUnavailable, "it was interrupted"),
    sqlite3.SQLITE_TOOBIG: (StoreError, "the value is too large"),
}

# Codes that only a wrong call of ours can bring about, and those that never come as an error.
BUGS: Final = frozenset(
    {
        sqlite3.SQLITE_INTERNAL,
        sqlite3.SQLITE_EMPTY,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_RANGE,
        sqlite3.SQLITE_NOTFOUND,
        sqlite3.SQLITE_NOTICE,
        sqlite3.SQLITE_WARNING,
    }
)


def fault_of(error: sqlite3.Error, store: str) -> StoreError | None:
    """Return what an error of SQLite means for the file `store`; None for a bug of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    row = FAULTS.get(code & _PRIMARY) if code is not None else None
    if row is None:
        return None
    cls, words = row
    fault = cls(f"{store}: {words} ({error})", store=store)
    fault.__cause__ = error
    return fault
