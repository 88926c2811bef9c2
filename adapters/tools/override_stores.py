"""Where it is kept how far overrides are trusted: Redis, an SQLite file, the host's own knowledge."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from ...actors.toolbox.overrides import OverrideStore
from ...messages.errors import InvalidRequestError, StoreUnavailable, TargetUnavailable
from ...messages.overrides import OverrideRecord
from ...messages.secret import Secret
from ..cache.redis import redis_client
from ..codec import from_json, to_json
from ..host.functions import HostFunctions

if TYPE_CHECKING:
    from redis.asyncio import Redis

_PREFIX: Final = "override:"
# Seconds.
_TTL: Final = 3600
_COLUMNS: Final = tuple(field.name for field in attrs.fields(OverrideRecord))
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS override_confidence (
    tool TEXT PRIMARY KEY,
    override TEXT NOT NULL,
    confidence REAL NOT NULL,
    hits INTEGER NOT NULL,
    misses INTEGER NOT NULL,
    updated_at REAL NOT NULL
)
"""
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM override_confidence"  # noqa: S608 - names of our own, here and below
_MARKS: Final = ", ".join("?" * len(_COLUMNS))
_PUT: Final = f"INSERT OR REPLACE INTO override_confidence ({', '.join(_COLUMNS)}) VALUES ({_MARKS})"  # noqa: S608


class BoundOverrides:
    """A store whose methods are called where they belong; implements `OverrideStore`.

    Args:
        store: An object with the methods of the port, plain or `async def`.
        functions: Calls them.
        what: Its name in errors.
    """

    def __init__(self, store: Any, functions: HostFunctions, what: str) -> None:
        self._get = functions.bound(store.get, what)
        self._put = functions.bound(store.put, what)
        self._all = functions.bound(store.all, what)

    async def get(self, tool: str) -> OverrideRecord | None:
        """See the port."""
        found: OverrideRecord | None = await self._get(tool)
        return found

    async def put(self, record: OverrideRecord) -> None:
        """See the port."""
        await self._put(record)

    async def all(self) -> Sequence[OverrideRecord]:
        """See the port."""
        found: Sequence[OverrideRecord] = await self._all()
        return found


class RedisOverrides:
    """Keeps records under "override:TOOL" for an hour.

    Args:
        url: Where Redis is.
        password: Its password, or None.

    Raises:
        SettingsError: The client is not installed, or the URL is none.
    """

    def __init__(self, url: str, password: Secret | None = None) -> None:
        redis_client(url, password)  # whether there is one
        self._url = url
        self._password = password

    async def get(self, tool: str) -> OverrideRecord | None:
        """See the port."""
        found = await self._do(lambda redis: redis.get(_PREFIX + tool))
        try:
            return None if found is None else from_json(found, OverrideRecord)
        except InvalidRequestError as error:
            raise TargetUnavailable(f"Redis holds something unreadable under {_PREFIX}{tool}: {error}") from error

    async def put(self, record: OverrideRecord) -> None:
        """See the port."""
        await self._do(lambda redis: redis.set(_PREFIX + record.tool, to_json(record), ex=_TTL))

    async def all(self) -> Sequence[OverrideRecord]:
        """Nothing: a cache is asked for one after the other."""
        return ()

    async def _do(self, command: Callable[[Redis], Awaitable[Any]]) -> Any:
        """Do something with a connection of its own: it is rare, and nobody could close one that is kept."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - it is there, since the client is

        try:
            async with redis_client(self._url, self._password) as redis:
                return await command(redis)
        except (RedisError, OSError) as error:
            raise TargetUnavailable(f"Redis: {error}") from error


class SqliteOverrides:
    """Keeps records in a table of a file.

    Args:
        path: The file, made with its folder where it is missing.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path).expanduser()

    def get(self, tool: str) -> OverrideRecord | None:
        """See the port."""
        rows = self._run(f"{_SELECT} WHERE tool = ?", [tool])
        return OverrideRecord(**dict(zip(_COLUMNS, rows[0], strict=True))) if rows else None

    def put(self, record: OverrideRecord) -> None:
        """See the port."""
        self._run(_PUT, [getattr(record, name) for name in _COLUMNS])

    def all(self) -> Sequence[OverrideRecord]:
        """See the port."""
        return [OverrideRecord(**dict(zip(_COLUMNS, row, strict=True))) for row in self._run(_SELECT, [])]

    def _run(self, sql: str, values: Sequence[Any]) -> list[Any]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path)) as connection, connection:
                connection.execute(_SCHEMA)
                return connection.execute(sql, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{self._path}: {error}", store=str(self._path)) from error


def bound_store(store: Any, functions: HostFunctions, what: str) -> OverrideStore | None:
    """Return a store, bound to where it belongs; None for none."""
    return None if store is None else BoundOverrides(store, functions, what)
