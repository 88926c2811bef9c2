"""One SQLite file, shared by the actors of the asyncio loop: one connection for those who write, connections of their own for those who read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import aiosqlite

from ..lock import WriterLock
from ..sql.access import Lane
from ..sql.kept import KeptDatabase, Unkeepable
from ..sql.words import Words
from .connecting import connected
from .faults import fault_of
from .opening import FileOptions, connect_for_reading, open_writer
from .words import WORDS


class Database(KeptDatabase):
    """The file, as its keeper runs it and as the stores use it. Everything here happens on one asyncio loop.

    Args:
        options: The file.
        timeout: Seconds that a read or a write may take.
        max_pending: Writes that may wait for their commit.
        retry: Seconds between two tries to open a file that cannot be opened.
    """

    def __init__(
        self, options: FileOptions, *, timeout: float = 5.0, max_pending: int = 10_000, retry: float = 1.0
    ) -> None:
        super().__init__(str(options.path), timeout=timeout, max_pending=max_pending, retry=retry)
        self.options = options
        self._lanes: dict[Lane, aiosqlite.Connection] = {}

    @property
    def words(self) -> Words:
        """What SQLite says in its own way."""
        return WORDS

    async def read(
        self, sql: str, parameters: Sequence[Any] = (), *, lane: Lane = Lane.REQUESTS
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a query; it sees every write that was answered before.

        Raises:
            StoreUnavailable: The file cannot be used now.
            StoreError: Why else it could not be read.
        """
        self._check()
        try:
            async with asyncio.timeout(self._timeout):
                await self._open.wait()
                return await self._read(self._lanes[lane], sql, parameters)
        except TimeoutError:
            raise self._unavailable(f"no answer within {self._timeout:g} s") from None

    async def _read(self, reader: aiosqlite.Connection, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return list(await reader.execute_fetchall(sql, parameters))  # type: ignore[arg-type]
        except asyncio.CancelledError:
            with suppress(ValueError):  # it was closed meanwhile
                await reader.interrupt()
            raise
        except sqlite3.Error as error:
            raise fault_of(error, self.name) or error from error
        except ValueError as error:
            raise self._unavailable("it is being closed") from error

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[FileWriter]:
        lock = WriterLock(self.options.path)
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            writer = await stack.enter_async_context(connected(partial(open_writer, self.options, lock)))
            self._lanes = {
                lane: await stack.enter_async_context(connected(partial(connect_for_reading, self.options.path)))
                for lane in Lane
            }
            self._now_open()
            try:
                yield FileWriter(writer, self.name)
            finally:
                self._open.clear()
                self._lanes = {}


class FileWriter:
    """The one connection that writes.

    Args:
        connection: To the file.
        name: Of the file.
    """

    def __init__(self, connection: aiosqlite.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def commit(self, statements: Iterable[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        """Execute each statement for its rows, all together or none; see `Writer`."""
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
            for sql, rows in statements:
                await self._connection.executemany(sql, rows)
            await self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            await self._rollback()
            raise fault_of(error, self._name) or Unkeepable from error
        except (ValueError, OverflowError, TypeError) as error:  # a value that SQLite cannot take
            await self._rollback()
            raise Unkeepable from error

    async def ping(self) -> None:
        """A file is there, or the next commit says why not."""

    async def _rollback(self) -> None:
        """SQLite may have rolled back itself."""
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                await self._connection.execute("ROLLBACK")
