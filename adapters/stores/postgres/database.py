"""One PostgreSQL server: one connection for those who write, a pool for those who read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg_pool import AsyncConnectionPool

from ....messages.errors import StoreUnavailable
from ..sql.access import Lane
from ..sql.kept import Interrupted, KeptDatabase, Unkeepable
from ..sql.words import Words
from .bounded import bounded
from .faults import fault_of
from .opening import Connection, Server, bring_forward, configure, connected, named, rows_of
from .words import WORDS, storable, translated

# Seconds without a write after which the server is asked whether it is there: below the 5 s within which readiness must tell.
_HEARTBEAT: Final = 2.0


class PostgresDatabase(KeptDatabase):
    """The server, as its keeper runs it and as the stores use it. Everything here happens on one asyncio loop.

    Args:
        server: The server.
        timeout: Seconds that a read or a write may take.
        max_pending: Writes that may wait for their commit.
        retry: Seconds between two tries to reach a server that cannot be reached.
        pool_size: Connections for those who read, at most (at least 2); reports use one of them.
    """

    def __init__(
        self,
        server: Server,
        *,
        timeout: float = 5.0,
        max_pending: int = 10_000,
        retry: float = 1.0,
        pool_size: int = 4,
        heartbeat: float = _HEARTBEAT,
    ) -> None:
        super().__init__(named(server), timeout=timeout, max_pending=max_pending, retry=retry, heartbeat=heartbeat)
        self.server = server
        self._pool_size = pool_size
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._lanes = {Lane.REQUESTS: asyncio.Semaphore(pool_size - 1), Lane.REPORTS: asyncio.Semaphore(1)}

    @property
    def words(self) -> Words:
        """What PostgreSQL says in its own way."""
        return WORDS

    async def read(
        self, sql: str, parameters: Sequence[Any] = (), *, lane: Lane = Lane.REQUESTS
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a query; it sees every write that was answered before. A connection that is lost over it is replaced, once.

        Raises:
            StoreUnavailable: The server cannot be used now.
            StoreError: Why else it could not be read.
        """
        self._check()
        values = [storable(value) for value in parameters]
        try:
            async with asyncio.timeout(self._timeout), self._lanes[lane]:
                try:
                    return await self._read(sql, values)
                except Interrupted:
                    return await self._read(sql, values)
        except Interrupted as lost:
            raise lost.fault from lost
        except TimeoutError:
            raise self._unavailable(f"no answer within {self._timeout:g} s") from None

    async def _read(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        await self._open.wait()
        pool = self._pool
        assert pool is not None
        try:
            async with pool.connection() as connection:
                try:
                    return await bounded(connection, rows_of(connection, sql, values))
                except psycopg.OperationalError as error:
                    if connection.closed:
                        raise Interrupted(self._unavailable(f"the connection is lost ({error})")) from error
                    raise
        except Interrupted:
            await pool.check()  # its sisters have had the same fate
            raise
        except psycopg.Error as error:
            raise fault_of(error, self.name) or error from error

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[ServerWriter]:
        async with AsyncExitStack() as stack:
            writer = await self._ready(stack)
            self._pool = AsyncConnectionPool(
                kwargs={**self.server.parameters(), "autocommit": True},
                min_size=1,
                max_size=self._pool_size,
                configure=lambda connection: configure(connection, self.server),
                timeout=self._timeout,
                open=False,
                name="legion-llm",
            )
            stack.push_async_callback(self._pool.close)
            await self._pool.open()
            self._now_open()
            try:
                yield ServerWriter(writer, self.name, self._timeout)
            finally:
                self._open.clear()
                self._pool = None

    async def _ready(self, stack: AsyncExitStack) -> Connection:
        """Return the connection that writes, the schema brought forward."""
        try:
            async with asyncio.timeout(self._timeout):
                writer = await connected(self.server)
                stack.push_async_callback(writer.close)
                await bounded(writer, bring_forward(writer, self.server))
                await writer.set_autocommit(False)
                return writer
        except psycopg.Error as error:
            raise fault_of(error, self.name) or error from error
        except TimeoutError:
            raise self._unavailable(f"no answer within {self._timeout:g} s") from None


class ServerWriter:
    """The one connection that writes.

    Args:
        connection: To the server.
        name: Of the server.
        timeout: Seconds that a commit may take.
    """

    def __init__(self, connection: Connection, name: str, timeout: float) -> None:
        self._connection = connection
        self._name = name
        self._timeout = timeout
        self._is_committing = False

    async def commit(self, statements: Iterable[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        """Execute each statement for its rows, all together or none; see `Writer`."""
        self._is_committing = False
        try:
            await bounded(self._connection, self._execute(statements), self._timeout)
        except TimeoutError:
            raise self._lost(f"no answer for {self._timeout:g} s") from None
        except psycopg.Error as error:
            if self._connection.closed:
                raise self._lost(f"the connection is lost ({' '.join(str(error).split())})") from error
            await self._rollback()
            raise fault_of(error, self._name) or Unkeepable from error
        except (ValueError, OverflowError, TypeError) as error:  # a value that psycopg cannot send
            await self._rollback()
            raise Unkeepable from error

    async def ping(self) -> None:
        """Ask whether the server is still there; see `Writer`."""
        await self.commit([("SELECT 1", [()])])

    async def _execute(self, statements: Iterable[tuple[str, Sequence[Sequence[Any]]]]) -> None:
        async with self._connection.cursor() as cursor:
            for sql, rows in statements:
                await cursor.executemany(translated(sql), [[*map(storable, row)] for row in rows])
        self._is_committing = True
        await self._connection.commit()

    async def _rollback(self) -> None:
        try:
            await bounded(self._connection, self._connection.rollback(), self._timeout)
        except (psycopg.Error, TimeoutError) as error:
            raise self._lost(f"the connection is lost ({error})") from error

    def _lost(self, why: str) -> Exception:
        if self._is_committing:
            return StoreUnavailable(f"{self._name}: {why}: whether this was kept is not known", store=self._name)
        return Interrupted(StoreUnavailable(f"{self._name}: {why}", store=self._name))
