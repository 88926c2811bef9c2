"""The spool of events: a small SQLite file of its own, in which an event's id is kept for longer than the event."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from ...actors.courier.port import Event
from ...messages.errors import StoreError
from ..audit.thread import BlockingThread
from ..stores.lock import WriterLock
from ..stores.sqlite.faults import fault_of

T = TypeVar("T")

logger = logging.getLogger(__name__)

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at REAL NOT NULL,
    exchange TEXT NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    handed_at REAL
);
CREATE INDEX IF NOT EXISTS event_due ON event (number) WHERE handed_at IS NULL;
CREATE INDEX IF NOT EXISTS event_handed ON event (handed_at) WHERE handed_at IS NOT NULL;
"""


class BodyCipher(Protocol):
    """Keeps bodies from whoever reads the file."""

    def encrypt(self, body: bytes) -> bytes:
        """Return the body as nobody can read it, in ASCII."""

    def decrypt(self, body: bytes) -> bytes:
        """Return the body again."""


class SqliteSpool:
    """Implements `actors.courier.port.Spool`.

    Args:
        path: The file; made with its folder, for its owner alone.
        most: Events that may wait; past it the oldest are dropped, counted and logged.
        keep: Seconds for which the ids of events are remembered after they were handed on.
        cipher: Encrypts bodies, or None.
        wall_clock: Returns Unix seconds.
    """

    def __init__(
        self,
        path: Path,
        *,
        most: int = 100_000,
        keep: float = 86_400.0,
        cipher: BodyCipher | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._most = most
        self._keep = keep
        self._cipher = cipher
        self._wall_clock = wall_clock
        self._thread = BlockingThread("legion-events")
        self._lock = WriterLock(path, "events.path")
        self._connection: sqlite3.Connection | None = None
        self._news = asyncio.Event()

    async def append(self, events: Sequence[Event]) -> None:
        """Keep events; see the port."""
        await self._do(lambda connection: self._append(connection, events))
        self._news.set()

    async def due(self, most: int) -> tuple[Event, ...]:
        """Return events that are not handed on; see the port."""
        return await self._do(lambda connection: self._due(connection, most))

    async def handed(self, ids: Sequence[str]) -> None:
        """Remember that events were handed on; see the port."""
        await self._do(lambda connection: self._handed(connection, ids))

    async def arrived(self) -> None:
        """Wait until something was appended; see the port."""
        await self._news.wait()
        self._news.clear()

    async def aclose(self) -> None:
        """Close the file; see the port."""
        await self._thread.run(self._close)
        self._thread.close()

    # -- in the thread

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._thread.run(self._worked, work)

    def _worked(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._connection or self._opened()
            with connection:
                return work(connection)
        except sqlite3.Error as error:
            self._close()
            fault = fault_of(error, str(self._path))
            if fault is None:
                raise
            raise fault from error
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror or error}", store=str(self._path)) from error

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.acquire()
        self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
        self._connection = connection
        return connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._lock.release()

    def _append(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        connection.executemany(
            "INSERT OR IGNORE INTO event (id, at, exchange, key, headers, body) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (each.id, each.at, each.exchange, each.key, json.dumps(dict(each.headers)), self._sealed(each.body))
                for each in events
            ],
        )
        [waiting] = connection.execute("SELECT count(*) FROM event WHERE handed_at IS NULL").fetchone()
        if waiting > self._most:
            excess = waiting - self._most
            logger.error("%d events are dropped, oldest first: nobody has taken them for too long", excess)
            connection.execute(
                "DELETE FROM event WHERE number IN (SELECT number FROM event WHERE handed_at IS NULL ORDER BY number LIMIT ?)",
                (excess,),
            )

    def _due(self, connection: sqlite3.Connection, most: int) -> tuple[Event, ...]:
        rows = connection.execute(
            "SELECT id, at, exchange, key, headers, body FROM event WHERE handed_at IS NULL ORDER BY number LIMIT ?",
            (most,),
        )
        return tuple(
            Event(id=id_, at=at, exchange=exchange, key=key, headers=json.loads(headers), body=self._opened_body(body))
            for id_, at, exchange, key, headers, body in rows
        )

    def _handed(self, connection: sqlite3.Connection, ids: Sequence[str]) -> None:
        now = self._wall_clock()
        # The id stays, so that it is handed on once; what it said need not.
        connection.executemany(
            "UPDATE event SET handed_at = ?, headers = '{}', body = '' WHERE id = ?", [(now, each) for each in ids]
        )
        connection.execute("DELETE FROM event WHERE handed_at < ?", (now - self._keep,))

    def _sealed(self, body: str) -> str:
        return body if self._cipher is None else self._cipher.encrypt(body.encode()).decode("ascii")

    def _opened_body(self, body: str) -> str:
        return body if self._cipher is None else self._cipher.decrypt(body.encode("ascii")).decode()
