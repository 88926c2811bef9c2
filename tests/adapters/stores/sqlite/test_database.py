"""The file itself: group commit, and what becomes of those who wait when something is wrong."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from legion_llm.adapters.stores.sqlite import Database, FileOptions
from legion_llm.adapters.stores.sqlite.migrations import MIGRATIONS
from legion_llm.messages.errors import StoreConflict, StoreUnavailable

TABLE = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"
INSERT = "INSERT INTO notes (id, text) VALUES (?, ?)"


@pytest.fixture
def notes(loop, database):
    """A database with a table of the test's own."""
    loop.run(database.write((TABLE, [()])))
    return database


def note(number, text="text"):
    return INSERT, [(number, text)]


def kept(loop, database):
    return [number for (number,) in loop.run(database.read("SELECT id FROM notes ORDER BY id"))]


def outcomes(loop, *writes):
    return loop.run(_gathered(writes))


async def _gathered(writes):
    return await asyncio.gather(*writes, return_exceptions=True)


def test_what_was_answered_can_be_read(loop, notes):
    loop.run(notes.write(note(1)))

    assert kept(loop, notes) == [1]


def test_what_was_answered_is_on_the_disk(loop, notes, file):
    loop.run(notes.write(note(1)))

    with sqlite3.connect(file) as other:
        assert other.execute("SELECT id FROM notes").fetchall() == [(1,)]
    other.close()


def test_writes_that_wait_together_are_committed_together(loop, notes):
    before = notes.status().commits

    outcomes(loop, *[notes.write(note(number)) for number in range(500)])

    assert kept(loop, notes) == list(range(500))
    assert notes.status().commits - before <= 2


def test_writes_come_in_the_order_in_which_they_were_asked_for(loop, notes):
    outcomes(loop, *[notes.write(("INSERT INTO notes (text) VALUES (?)", [(str(number),)])) for number in range(100)])

    rows = loop.run(notes.read("SELECT text FROM notes ORDER BY id"))
    assert [int(text) for (text,) in rows] == list(range(100))


def test_the_statements_of_a_write_are_kept_together_or_not_at_all(loop, notes):
    results = outcomes(loop, notes.write(note(1), note(1)))

    assert isinstance(results[0], StoreConflict)
    assert kept(loop, notes) == []


def test_a_conflict_takes_nobody_along(loop, notes):
    loop.run(notes.write(note(7)))

    results = outcomes(loop, *[notes.write(note(number)) for number in (6, 7, 8)])

    assert [type(result) for result in results] == [type(None), StoreConflict, type(None)]
    assert kept(loop, notes) == [6, 7, 8]


@pytest.mark.parametrize("bad", [{"a": "dict"}, 2**70, "lone \ud800"])
def test_a_value_that_cannot_be_kept_takes_nobody_along(loop, notes, bad):
    results = outcomes(loop, notes.write(note(1)), notes.write(note(2, bad)), notes.write(note(3)))

    assert [result is None for result in results] == [True, False, True]
    assert kept(loop, notes) == [1, 3]


def test_writes_of_different_kinds_may_wait_together(loop, notes):
    loop.run(notes.write(note(1), note(2)))

    outcomes(loop, notes.write(("DELETE FROM notes WHERE id = ?", [(1,)])), notes.write(note(3)), notes.write(note(4)))

    assert kept(loop, notes) == [2, 3, 4]


def test_whoever_gives_up_waiting_does_not_disturb_the_others(loop, notes):
    async def some():
        first, second = asyncio.create_task(notes.write(note(1))), asyncio.create_task(notes.write(note(2)))
        await asyncio.sleep(0)
        first.cancel()
        await second
        await notes.settle()

    loop.run(some())

    assert kept(loop, notes) == [1, 2]


def test_settling_waits_for_all_that_was_asked_before(loop, notes):
    async def some():
        tasks = [asyncio.create_task(notes.write(note(number))) for number in range(3000)]
        await asyncio.sleep(0)
        await notes.settle()
        return [task.done() for task in tasks]

    assert all(loop.run(some()))


def test_settling_an_idle_file_is_nothing(loop, notes):
    before = notes.status().commits

    loop.run(notes.settle())

    assert notes.status().commits == before


def test_a_keeper_that_ends_keeps_what_was_asked_before(loop, file):
    database = Database(FileOptions(path=file))
    keeper = loop.keep(database)
    loop.run(database.write((TABLE, [()])))

    async def some():
        writes = [asyncio.create_task(database.write(note(number))) for number in range(3000)]
        await asyncio.sleep(0)
        keeper.cancel()
        return await asyncio.gather(*writes, return_exceptions=True)

    assert set(loop.run(some())) == {None}
    loop.end(keeper)
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT count(*) FROM notes").fetchone() == (3000,)
    other.close()


def test_a_file_that_is_closed_in_peace_leaves_no_log_behind(loop, file):
    database = Database(FileOptions(path=file))
    keeper = loop.keep(database)
    loop.run(database.write((TABLE, [()])))

    loop.end(keeper)

    assert not file.with_name(file.name + "-wal").exists()


def test_a_keeper_that_comes_back_opens_the_file_anew(loop, notes, file):
    loop.run(notes.write(note(1)))
    for task in loop._kept:
        loop.end(task)

    loop.keep(notes)
    loop.run(notes.write(note(2)))

    assert kept(loop, notes) == [1, 2]


def test_writes_wait_for_the_first_opening(loop, file):
    database = Database(FileOptions(path=file))
    early = loop.begin(database.write((TABLE, [()])))

    loop.keep(database)

    assert loop.run(_result(early)) is None


async def _result(task):
    return await task


def test_too_many_writes_are_refused_at_once(loop, file):
    database = Database(FileOptions(path=file), max_pending=2)  # nobody opens it

    async def some():
        waiting = [asyncio.create_task(database.write((TABLE, [()]))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="2 writes wait already"):
            await database.write((TABLE, [()]))
        for task in waiting:
            task.cancel()

    loop.run(some())


def test_nobody_waits_longer_than_the_timeout(loop, file):
    database = Database(FileOptions(path=file), timeout=0.01)  # nobody opens it

    with pytest.raises(StoreUnavailable, match="whether this was kept is not known"):
        loop.run(database.write((TABLE, [()])))
    with pytest.raises(StoreUnavailable, match=r"no answer within 0\.01 s"):
        loop.run(database.read("SELECT 1"))


def test_a_reader_does_not_wait_for_a_writer(loop, notes, file):
    loop.run(notes.write(note(1)))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    assert kept(loop, notes) == [1]
    other.execute("ROLLBACK")
    other.close()


def test_what_people_said_is_nobody_elses_business(database, file):
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_the_schema_is_made_by_the_migrations(loop, database):
    assert loop.run(database.read("PRAGMA user_version")) == [(len(MIGRATIONS),)]


def test_every_write_is_synced_by_default(loop, file):
    full, normal = FileOptions(path=file), FileOptions(path=file, synchronous="normal")

    assert full.synchronous == "full"
    assert normal.synchronous == "normal"
