"""What an operator does with our schema on the server: look how it is, and bring it forward."""

from __future__ import annotations

from typing import Final

from psycopg.sql import SQL, Identifier

from ..status import Condition
from .opening import Server, bring_forward, named, rows_of, version_of
from .reading import session

_TABLES: Final = """
    SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'legion_schema' ORDER BY tablename
"""
_SIZE: Final = """
    SELECT CAST(coalesce(sum(pg_total_relation_size(oid)), 0) AS BIGINT)
    FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())
"""


async def examined(server: Server) -> Condition:
    """Count all that is kept; the server itself answers for its soundness.

    Raises:
        StoreError: It cannot be read.
    """
    async with session(server) as connection:
        version = await version_of(connection, server)
        rows: dict[str, int] = {}
        for (table,) in await rows_of(connection, _TABLES):
            cursor = await connection.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table)))
            rows[table] = (await cursor.fetchall())[0][0]
        ((size,),) = await rows_of(connection, _SIZE)
    return Condition(place=named(server), version=version, newest=len(server.versions), size_bytes=size, rows=rows)


async def brought_forward(server: Server) -> tuple[int, int]:
    """Bring the schema to its newest version, making it where it is missing; returns the versions before and after.

    Raises:
        StoreError: Why it cannot be done; all is as it was.
    """
    async with session(server) as connection:
        return await bring_forward(connection, server)
