"""One SQLite file, shared by the actors of the asyncio loop: group commit for those who write, connections of their own for those who read."""

from __future__ import annotations

import asyncio
import collections
import copy
import enum
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

import aiosqlite

from ....messages.errors import StoreConflict, StoreError, StoreUnavailable
from ..lock import WriterLock
from ..status import StoreStatus
from .batch import Statement, Write, merged
from .connecting import connected
from .faults import fault_of, is_lasting
from .opening import FileOptions, connect_for_reading, open_writer

logger = logging.getLogger(__name__)

# Writes in one commit; more wait for the next, so that the first of them do not wait for all.
_MOST_TOGETHER: Final = 2000


class Lane(enum.Enum):
    """Who reads: each has a connection of its own, so that a long report does not delay a request."""

    REQUESTS = "requests"
    REPORTS = "reports"


class Database:
    """The file, as its keeper runs it and as the stores use it. Everything here happens on one asyncio loop.

    Args:
        options: The file.
        timeout: Seconds that a read or a write may take.
        max_pending: Writes that may wait for their commit.
        retry: Seconds between two tries to open a file that cannot be opened: far below the 5 s within which one that is back must be found.
    """

    def __init__(
        self, options: FileOptions, *, timeout: float = 5.0, max_pending: int = 10_000, retry: float = 1.0
    ) -> None:
        self.options = options
        self.name = str(options.path)
        self._timeout = timeout
        self._max_pending = max_pending
        self._retry = retry
        self._pending: collections.deque[Write] = collections.deque()
        self._committing: tuple[Write, ...] = ()
        self._committing_since = 0.0
        self._arrived = asyncio.Event()
        self._known = asyncio.Event()
        self._open = asyncio.Event()
        self._lanes: dict[Lane, aiosqlite.Connection] = {}
        # Why it is closed, and what the last commit met; both None when all is well.
        self._closed: StoreError | None = None
        self._complaint: StoreError | None = None
        self._commits = 0
        self._committed = 0

    # -- for the keeper

    async def run(self) -> None:
        """Hold the file open and commit what is asked for, until cancelled; what was asked for before that is committed still."""
        try:
            while True:
                try:
                    async with self._opened() as writer:
                        await self._serve(writer)
                except StoreError as error:
                    self._give_up(error)
                await asyncio.sleep(self._retry)
        finally:
            self._fail_pending(self._unavailable("it is closed"))

    async def known(self) -> None:
        """Wait until the first try to open the file has ended, one way or the other."""
        await self._known.wait()

    def status(self) -> StoreStatus:
        """Return how it is."""
        return StoreStatus(
            name=self.name,
            fault=self._closed or self._stuck() or self._complaint,
            pending=len(self._pending) + len(self._committing),
            commits=self._commits,
            committed=self._committed,
        )

    # -- for the stores

    async def write(self, *statements: Statement) -> None:
        """Keep the statements together or not at all; returns when they are durable.

        Raises:
            StoreUnavailable: The file cannot be used now. Nothing was kept, unless the message says that this is not known.
            StoreConflict: What is there contradicts.
            StoreError: Why else it was not kept.
        """
        self._check()
        if len(self._pending) >= self._max_pending:
            raise self._unavailable(f"{self._max_pending} writes wait already")
        write = Write(statements, asyncio.get_running_loop().create_future())
        self._pending.append(write)
        self._arrived.set()
        try:
            async with asyncio.timeout(self._timeout):
                await write.done
        except TimeoutError:
            raise self._unavailable(
                f"no answer within {self._timeout:g} s: whether this was kept is not known"
            ) from None

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

    async def settle(self) -> None:
        """Wait until everything that is asked for now has been kept, or refused.

        Raises:
            StoreUnavailable: It takes too long.
        """
        if self._pending or self._committing:
            await self.write()  # an empty write comes after all those before it

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

    def _check(self) -> None:
        """Refuse at once what would wait in vain.

        Raises:
            StoreError: The file cannot be used now.
        """
        hopeless = self._closed or self._stuck()
        if hopeless is not None:
            raise copy.copy(hopeless)

    def _stuck(self) -> StoreError | None:
        """Return what to say of a disk that does not answer."""
        if not self._committing:
            return None
        waited = time.monotonic() - self._committing_since
        return self._unavailable(f"the disk has not answered for {waited:.0f} s") if waited > self._timeout else None

    def _unavailable(self, why: str) -> StoreUnavailable:
        return StoreUnavailable(f"{self.name}: {why}", store=self.name)

    # -- open and closed

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[aiosqlite.Connection]:
        lock = WriterLock(self.options.path)
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            writer = await stack.enter_async_context(connected(partial(open_writer, self.options, lock)))
            lanes = {
                lane: await stack.enter_async_context(connected(partial(connect_for_reading, self.options.path)))
                for lane in Lane
            }
            self._now_open(lanes)
            try:
                yield writer
            finally:
                self._open.clear()
                self._lanes = {}

    def _now_open(self, lanes: dict[Lane, aiosqlite.Connection]) -> None:
        if self._closed is not None:
            logger.warning("the store %s can be used again", self.name)
        self._closed = self._complaint = None
        self._lanes = lanes
        self._open.set()
        self._known.set()

    def _give_up(self, error: StoreError) -> None:
        """Tell everybody who waits why it does not go on for now."""
        if self._closed is None and self._known.is_set():
            logger.warning("the store has failed, and is opened anew every second: %s", error)
        self._closed = error
        self._known.set()
        self._fail_pending(error)

    # -- the commits

    async def _serve(self, writer: aiosqlite.Connection) -> None:
        """Commit what comes; a commit under way is never cut, because nobody would know what became of it."""
        commit: asyncio.Future[None] | None = None
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._pending:
                    commit = asyncio.ensure_future(self._commit(writer))
                    await asyncio.shield(commit)
        except asyncio.CancelledError:
            await self._finish(writer, commit)
            raise

    async def _finish(self, writer: aiosqlite.Connection, commit: asyncio.Future[None] | None) -> None:
        """The keeper ends, in peace or not: whoever asked before gets its commit."""
        with suppress(StoreError):  # those who wait hear it
            if commit is not None:
                await commit
            while self._pending:
                await self._commit(writer)

    async def _commit(self, writer: aiosqlite.Connection) -> None:
        count = min(len(self._pending), _MOST_TOGETHER)
        writes = self._committing = tuple([self._pending.popleft() for _ in range(count)])
        self._committing_since = time.monotonic()
        try:
            await self._commit_together(writer, writes)
        except sqlite3.Error as error:
            await self._rollback(writer)
            fault = fault_of(error, self.name)
            if fault is None or isinstance(fault, StoreConflict):
                await self._commit_apart(writer, writes)
                return
            self._complain(writes, fault)
        except (ValueError, OverflowError, TypeError):
            # A value that SQLite cannot take: whose, is found out one by one.
            await self._rollback(writer)
            await self._commit_apart(writer, writes)
        else:
            self._keep(writes)
        finally:
            self._committing = ()

    async def _commit_together(self, writer: aiosqlite.Connection, writes: tuple[Write, ...]) -> None:
        await writer.execute("BEGIN IMMEDIATE")
        for sql, rows in merged(writes):
            await writer.executemany(sql, rows)
        await writer.execute("COMMIT")

    async def _commit_apart(self, writer: aiosqlite.Connection, writes: tuple[Write, ...]) -> None:
        """One of them cannot be kept, and shall not take the others along."""
        for write in writes:
            try:
                await self._commit_together(writer, (write,))
            except sqlite3.Error as error:
                await self._rollback(writer)
                fault = fault_of(error, self.name)
                write.fail(fault or error)
                if fault is not None and is_lasting(fault):
                    self._fail(writes, fault)
                    raise fault from error
            except (ValueError, OverflowError, TypeError) as error:
                await self._rollback(writer)
                write.fail(error)
            else:
                self._keep((write,))

    async def _rollback(self, writer: aiosqlite.Connection) -> None:
        """SQLite may have rolled back itself."""
        with suppress(sqlite3.Error):
            if writer.in_transaction:
                await writer.execute("ROLLBACK")

    def _keep(self, writes: tuple[Write, ...]) -> None:
        if self._complaint is not None:
            logger.warning("the store %s takes writes again", self.name)
            self._complaint = None
        self._commits += 1
        self._committed += len(writes)
        for write in writes:
            write.keep()

    def _complain(self, writes: tuple[Write, ...], fault: StoreError) -> None:
        """The whole commit failed: tell, and open the file anew where that may help.

        Raises:
            StoreError: It may.
        """
        self._fail(writes, fault)
        if is_lasting(fault):
            raise fault
        if type(self._complaint) is not type(fault):
            logger.warning("the store cannot keep what it should: %s", fault)
        self._complaint = fault

    def _fail_pending(self, error: StoreError) -> None:
        self._fail(tuple(self._pending), error)
        self._pending.clear()

    @staticmethod
    def _fail(writes: tuple[Write, ...], error: StoreError) -> None:
        for write in writes:
            write.fail(copy.copy(error))
