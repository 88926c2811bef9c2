"""The server as a command reads it: one connection, which may not write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from ....messages.errors import StoreReadOnly, StoreVersionError
from ..sql.access import Lane
from ..sql.words import Words
from ..sql.writes import Statement
from .faults import fault_of
from .opening import Connection, Server, connected, named, rows_of, version_of
from .words import WORDS, storable


class ReadOnlyServer:
    """One connection that only reads.

    Args:
        connection: To the server.
        name: Of the server.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    @property
    def words(self) -> Words:
        """What PostgreSQL says in its own way."""
        return WORDS

    async def write(self, *_statements: Statement) -> None:
        """Refuse.

        Raises:
            StoreReadOnly: Always.
        """
        raise StoreReadOnly(f"{self._name}: is open for reading alone", store=self._name)

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
            return await rows_of(self._connection, sql, [storable(value) for value in parameters])
        except psycopg.Error as error:
            raise fault_of(error, self._name) or error from error


@asynccontextmanager
async def reading_from(server: Server) -> AsyncIterator[ReadOnlyServer]:
    """Connect for reading.

    Raises:
        StoreError: It cannot be reached, or holds nothing that this version reads.
    """
    name = named(server)
    async with session(server) as connection:
        version, newest = await version_of(connection, server), len(server.versions)
        if version < newest:
            raise StoreVersionError(
                f"{name}: has schema {version}, this program reads {newest}: run `legion-llm store migrate`", store=name
            )
        await connection.set_read_only(True)
        yield ReadOnlyServer(connection, name)


@asynccontextmanager
async def session(server: Server) -> AsyncIterator[Connection]:
    """Connect for the time of a command.

    Raises:
        StoreError: The server cannot be reached, or what it said of what was asked.
    """
    try:
        connection = await connected(server)
        try:
            yield connection
        finally:
            await connection.close()
    except psycopg.Error as error:
        raise fault_of(error, named(server)) or error from error
