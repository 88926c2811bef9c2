"""A connection with a thread of its own, opened and closed in order whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import aiosqlite

# Rows that a connection hands over at a time.
_CHUNK: Final = 256


@asynccontextmanager
async def connected(connect: Callable[[], sqlite3.Connection]) -> AsyncIterator[aiosqlite.Connection]:
    """Open a connection on a thread of its own and close it at the end.

    Args:
        connect: Opens the file; runs on that thread.

    Raises:
        Exception: What `connect` raised.
    """
    attempt = _Attempt(connect)
    connection = aiosqlite.Connection(attempt, _CHUNK)
    # A guest's thread must not keep a host from ending; aiosqlite has no other word for it.
    connection._thread.daemon = True  # noqa: SLF001
    try:
        await _whole(connection)
        if attempt.failure is not None:
            raise attempt.failure
        yield connection
    finally:
        await _whole(connection.close())


class _Attempt:
    """Opens the file. A failure is kept, and an empty database opened instead: after a failed opening aiosqlite leaves its thread to itself."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self.failure: Exception | None = None

    def __call__(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except Exception as error:  # noqa: BLE001 - it is raised by whoever waits for the connection
            self.failure = error
            return sqlite3.connect(":memory:", check_same_thread=False)


async def _whole(work: Awaitable[object]) -> None:
    """Await what must not be cut, because nobody would close what it opens; a cancellation meanwhile is heard after it, a second one at once."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
