"""A server: group commit, what becomes of those who wait, and the schema."""

from __future__ import annotations

import asyncio

import pytest
from legion_llm.adapters.stores.postgres.database import PostgresDatabase
from legion_llm.adapters.stores.postgres.migrations import NEWEST
from legion_llm.messages.errors import StoreConflict, StoreCorrupt, StoreVersionError
from postgres import Schema

pytestmark = pytest.mark.live

INSERT = "INSERT INTO curations (conversation_id, message_id, source, content) VALUES (?, ?, '', ?)"
STEPS = (
    "CREATE TABLE notes (id BIGINT)",
    "ALTER TABLE notes ADD COLUMN colour TEXT; INSERT INTO notes VALUES (1, 'blue')",
)


def note(number, text="text"):
    return INSERT, [("c", str(number), text)]


def kept(loop, database):
    rows = loop.run(database.read("SELECT message_id FROM curations ORDER BY CAST(message_id AS BIGINT)"))
    return [int(number) for (number,) in rows]


def outcomes(loop, *writes):
    async def gathered():
        return await asyncio.gather(*writes, return_exceptions=True)

    return loop.run(gathered())


@pytest.fixture
def fresh(postgres_server):
    """A schema that is not there yet."""
    schema = Schema()
    yield schema
    schema.drop()


def fault_of_opening(loop, server):
    database = PostgresDatabase(server, retry=0.01)
    loop.keep(database)
    return database.status().fault


def test_writes_that_wait_together_are_committed_together(loop, shared):
    before = shared.status().commits

    outcomes(loop, *[shared.write(note(number)) for number in range(500)])

    assert kept(loop, shared) == list(range(500))
    assert shared.status().commits - before <= 2


def test_a_conflict_takes_nobody_along(loop, shared):
    loop.run(shared.write(note(7)))

    results = outcomes(loop, *[shared.write(note(number)) for number in (6, 7, 8)])

    assert [type(result) for result in results] == [type(None), StoreConflict, type(None)]
    assert kept(loop, shared) == [6, 7, 8]


@pytest.mark.parametrize("bad", [{"a": "dict"}, "lone \ud800"])
def test_a_value_that_cannot_be_kept_takes_nobody_along(loop, shared, bad):
    results = outcomes(loop, shared.write(note(1)), shared.write(note(2, bad)), shared.write(note(3)))

    assert [result is None for result in results] == [True, False, True]
    assert kept(loop, shared) == [1, 3]


def test_a_nul_is_shown_by_its_picture(loop, shared):
    loop.run(shared.write(note(1, "a\0b")))

    assert loop.run(shared.read("SELECT content FROM curations")) == [("a␀b",)]


def test_reads_do_not_stand_in_one_line(loop, shared):
    async def both():
        async with asyncio.TaskGroup() as tasks:
            slow = tasks.create_task(shared.read("SELECT pg_sleep(0.3)"))
            await shared.read("SELECT 1")
            await shared.read("SELECT 1")
            return slow.done()

    assert loop.run(both()) is False


def test_a_new_schema_is_made_once_by_hosts_that_start_together(loop, fresh):
    hosts = [PostgresDatabase(fresh.server(), retry=0.01) for _ in range(4)]
    for host in hosts:
        loop.begin(host.run())

    outcomes(loop, *[host.known() for host in hosts])

    assert [host.status().fault for host in hosts] == [None] * 4
    assert fresh.execute("SELECT version FROM legion_schema") == [(NEWEST,)]


def test_a_schema_of_an_older_version_is_brought_forward_with_what_it_holds(loop, fresh):
    loop.end(loop.keep(PostgresDatabase(fresh.server(versions=STEPS[:1]))))
    fresh.execute("INSERT INTO notes VALUES (7)")

    loop.keep(new := PostgresDatabase(fresh.server(versions=STEPS)))

    assert loop.run(new.read("SELECT id, colour FROM notes ORDER BY id")) == [(1, "blue"), (7, None)]


def test_a_migration_that_fails_leaves_the_schema_as_it_was(loop, fresh):
    loop.end(loop.keep(PostgresDatabase(fresh.server(versions=STEPS[:1]))))

    fault = fault_of_opening(loop, fresh.server(versions=(*STEPS, "INSERT INTO nowhere VALUES (1)")))

    assert isinstance(fault, StoreCorrupt)
    assert fresh.execute("SELECT version FROM legion_schema") == [(1,)]
    assert fresh.execute("SELECT count(*) FROM notes") == [(0,)]


def test_a_schema_of_a_newer_version_is_not_touched(loop, fresh):
    loop.end(loop.keep(PostgresDatabase(fresh.server(versions=STEPS))))

    fault = fault_of_opening(loop, fresh.server(versions=STEPS[:1]))

    assert isinstance(fault, StoreVersionError)
    assert "schema 2, this one knows 1" in str(fault)


def test_the_tables_of_another_program_are_not_touched(loop, fresh):
    fresh.execute(f"CREATE SCHEMA {fresh.name}; CREATE TABLE {fresh.name}.theirs (x INT)")

    fault = fault_of_opening(loop, fresh.server())

    assert isinstance(fault, StoreCorrupt)
    assert "store.schema" in str(fault)
