"""How a server is reached, and its schema brought forward."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier, Literal

from ....messages.errors import SettingsError, StoreCorrupt, StoreVersionError
from ....messages.secret import Secret
from .migrations import MIGRATIONS
from .words import translated

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

# "LGN1": the lock under which one host at a time brings the schema forward.
_MIGRATING: Final = 0x4C474E31

# A transaction is over within the time of one write. A host that falls asleep in one must not keep the others waiting for longer than this many.
_IDLE_TIMEOUTS: Final = 4

_TABLES: Final = "SELECT count(*), count(*) FILTER (WHERE tablename = 'legion_schema') FROM pg_tables WHERE schemaname = current_schema()"


@attrs.frozen(kw_only=True)
class Server:
    """A server, and what of it is ours.

    Attributes:
        url: Where it is, without a password.
        password: That, or None: where libpq looks for one (PGPASSWORD, ~/.pgpass).
        schema: The schema that holds our tables; made where it is missing.
        synchronous: full or normal; see `StoreSettings`.
        timeout: Seconds that connecting, or one statement, may take.
        versions: The schema's versions, MIGRATIONS; tests give others.
    """

    url: str
    password: Secret | None = None
    schema: str = "legion_llm"
    synchronous: str = "full"
    timeout: float = 5.0
    versions: tuple[str, ...] = MIGRATIONS

    def parameters(self) -> Mapping[str, Any]:
        """Return how psycopg shall connect.

        Raises:
            SettingsError: The URL is none.
        """
        try:
            given = conninfo_to_dict(self.url)
        except psycopg.ProgrammingError as error:
            raise SettingsError(f"store.url: {' '.join(str(error).split())}", path="store.url") from error
        usual = {"connect_timeout": math.ceil(self.timeout), "fallback_application_name": "legion-llm"}
        secret = {} if self.password is None else {"password": self.password.reveal()}
        return {**usual, **given, **secret}

    def session(self) -> tuple[str, ...]:
        """Return the statements with which every connection begins."""
        milliseconds = math.ceil(self.timeout * 1000)
        settings = [
            SQL("SET search_path TO {}").format(Identifier(self.schema)),
            SQL("SET statement_timeout = {}").format(Literal(milliseconds)),
            SQL("SET idle_in_transaction_session_timeout = {}").format(Literal(milliseconds * _IDLE_TIMEOUTS)),
        ]
        # A server may promise more than that (a second machine has it, too), but not less.
        at_least = (
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        durability = at_least if self.synchronous == "full" else "SET synchronous_commit = off"
        return (*(each.as_string() for each in settings), durability)


async def connected(server: Server) -> Connection:
    """Return a new connection; whoever asks closes it.

    Raises:
        psycopg.Error: It cannot be reached.
    """
    connection = await psycopg.AsyncConnection.connect(**server.parameters(), autocommit=True)
    try:
        await configure(connection, server)
    except BaseException:
        await connection.close()
        raise
    return connection


async def configure(connection: Connection, server: Server) -> None:
    """Begin the session of a connection."""
    for statement in server.session():
        await connection.execute(statement)


async def version_of(connection: Connection, server: Server) -> int:
    """Return the version of the schema, 0 where there is none yet.

    Raises:
        StoreCorrupt: It belongs to another program.
        StoreVersionError: A newer version of ours wrote it.
    """
    name = named(server)
    # One question, so that both answers are of one moment: another host may be making them just now.
    ((tables, is_ours),) = await rows_of(connection, _TABLES)
    if not is_ours:
        if tables:
            raise StoreCorrupt(
                f"{name}: holds tables of another program; name a schema of your own (store.schema)", store=name
            )
        return 0
    version = int(await _one(connection, "SELECT version FROM legion_schema"))
    newest = len(server.versions)
    if version > newest:
        raise StoreVersionError(
            f"{name}: a newer version of this program wrote it (schema {version}, this one knows {newest})",
            store=name,
        )
    return version


async def bring_forward(connection: Connection, server: Server) -> tuple[int, int]:
    """Bring the schema to its newest version, all steps or none, one host at a time; returns the versions before and after.

    Raises:
        StoreError: It is not ours to change.
        psycopg.Error: It failed; the schema is as it was.
    """
    newest = len(server.versions)
    if await version_of(connection, server) == newest:
        return newest, newest
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATING])
        before = await version_of(connection, server)
        if before == 0:
            await _begin(connection, server)
        for script in server.versions[before:]:
            await connection.execute(script)
        await connection.execute("UPDATE legion_schema SET version = %s", [newest])
    return before, newest


async def _begin(connection: Connection, server: Server) -> None:
    # Not "IF NOT EXISTS": that asks for the right to make one even where there is one.
    if await _one(connection, "SELECT current_schema()") is None:
        await connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(server.schema)))
    await connection.execute("CREATE TABLE legion_schema (version INTEGER NOT NULL)")
    await connection.execute("INSERT INTO legion_schema VALUES (0)")


def named(server: Server) -> str:
    """Return what a person calls a server."""
    return server.url


async def rows_of(connection: Connection, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return all rows of a query; "?" stands for a parameter."""
    return await (await connection.execute(translated(sql), values)).fetchall()


async def _one(connection: Connection, sql: str) -> Any:
    return (await rows_of(connection, sql))[0][0]
