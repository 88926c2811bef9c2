"""How the file is opened: plain synchronous code, which runs on the thread of a connection, or in a command."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

import attrs

from ....messages.errors import StoreCorrupt, StoreUnavailable, StoreVersionError
from ..lock import WriterLock
from .faults import fault_of
from .migrations import MIGRATIONS, NEWEST

# "LGN1": tells our files from others.
APPLICATION_ID: Final = 0x4C474E31


@attrs.frozen(kw_only=True)
class FileOptions:
    """How a file is opened.

    Attributes:
        path: The file.
        synchronous: full or normal; see `StoreSettings`.
        busy_timeout: Seconds for which SQLite itself waits for a lock that somebody else holds.
        pragmas: What else to tell SQLite ("max_page_count = 1000").
        versions: The schema's versions, MIGRATIONS; tests give others.
    """

    path: Path
    synchronous: str = "full"
    busy_timeout: float = 2.0
    pragmas: tuple[str, ...] = ()
    versions: tuple[str, ...] = MIGRATIONS


def open_writer(options: FileOptions, lock: WriterLock) -> sqlite3.Connection:
    """Open the file as its only writer, making or migrating it where needed. The lock stays with the caller, who releases it in any case.

    Raises:
        StoreError: Why it cannot be used.
    """
    path = options.path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
        # What people said to models is nobody else's business.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        # A file that is there and may be read is left to SQLite, which says best what is wrong with it.
        if not path.is_file():
            raise StoreUnavailable(f"{path}: cannot be made ({error.strerror or error})", store=str(path)) from error
    connection = _connect(path, timeout=options.busy_timeout)
    try:
        _prepare(connection, options)
    except sqlite3.Error as error:
        connection.close()
        raise fault_of(error, str(path)) or error from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the file for reading alone; another process may be writing it.

    Raises:
        StoreError: There is none, or why it cannot be used.
    """
    connection = connect_for_reading(path)
    try:
        _require_newest(version_of(connection, path), path)
    except sqlite3.Error as error:
        connection.close()
        raise fault_of(error, str(path)) or error from error
    except BaseException:
        connection.close()
        raise
    return connection


def _require_newest(version: int, path: Path) -> None:
    if version < NEWEST:
        raise StoreVersionError(
            f"{path}: has schema {version}, this program reads {NEWEST}: run `legion-llm store migrate`",
            store=str(path),
        )


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """Connect to a file of whatever version.

    Raises:
        StoreUnavailable: There is none, or it cannot be opened.
    """
    if not path.is_file():
        raise StoreUnavailable(f"{path}: there is no such file; nothing was kept yet", store=str(path))
    return _connect(path, read_only=True)


def version_of(connection: sqlite3.Connection, path: Path, newest: int = NEWEST) -> int:
    """Return the version of the file's schema, 0 for an empty file.

    Raises:
        StoreCorrupt: It belongs to another program.
        StoreVersionError: A newer version of ours wrote it.
    """
    version, application = _pragma(connection, "user_version"), _pragma(connection, "application_id")
    if application != APPLICATION_ID and (application or version or _tables(connection)):
        raise StoreCorrupt(f"{path}: is the database of another program", store=str(path))
    if version > newest:
        raise StoreVersionError(
            f"{path}: a newer version of this program wrote it (schema {version}, this one knows {newest})",
            store=str(path),
        )
    return int(version)


def migrate(connection: sqlite3.Connection, version: int, versions: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring the schema forward, all steps or none.

    Raises:
        sqlite3.Error: It failed; the file is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in versions[version:]:
            for statement in script.split(";"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(versions)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _prepare(connection: sqlite3.Connection, options: FileOptions) -> None:
    version = version_of(connection, options.path, len(options.versions))
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(
            f"{options.path}: lies where no write-ahead log is possible (journal mode {mode})", store=str(options.path)
        )
    connection.execute(f"PRAGMA synchronous = {options.synchronous.upper()}")
    connection.execute("PRAGMA foreign_keys = ON")
    for pragma in options.pragmas:
        connection.execute(f"PRAGMA {pragma}")
    if version < len(options.versions):
        migrate(connection, version, options.versions)


def _connect(path: Path, *, timeout: float = 2.0, read_only: bool = False) -> sqlite3.Connection:
    # Each connection is used by one thread at a time, but made on one and closed on another.
    where = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    try:
        return sqlite3.connect(where, timeout=timeout, isolation_level=None, check_same_thread=False, uri=True)
    except sqlite3.Error as error:
        raise fault_of(error, str(path)) or error from error


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
