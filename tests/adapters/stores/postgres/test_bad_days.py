"""The server goes away, hangs, or ends connections: nothing acknowledged is lost, nobody waits for long, and it is over when it is over."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest
from legion_llm.adapters.stores.postgres.database import PostgresDatabase
from legion_llm.adapters.stores.postgres.opening import Server
from legion_llm.messages.errors import StoreUnavailable
from postgres import OwnServer

pytestmark = pytest.mark.live

INSERT = "INSERT INTO curations (conversation_id, message_id, source, content) VALUES ('c', ?, '', '')"

# Waiting for a commit, and for its end, seen from outside.
SLOW_COMMIT = """
CREATE FUNCTION {schema}.slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON {schema}.curations DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION {schema}.slowly()
"""


async def writing(database, seconds, acknowledged, faults):
    """Write one row after the other, and each again until it is kept, as whoever hears a retryable error does."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        name = f"{id(acknowledged)}-{id(asyncio.current_task())}-{number}"
        try:
            await database.write((INSERT, [(name,)]))
        except StoreUnavailable as error:
            faults.append(error)
            await asyncio.sleep(0.01)
        else:
            acknowledged.append(name)


def test_what_was_acknowledged_is_there_once_however_often_connections_are_ended(loop, shared, postgres):
    acknowledged, faults = [], []

    async def storm():
        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(writing(shared, 1.0, acknowledged, faults))
            for _ in range(6):
                await asyncio.sleep(0.12)
                await asyncio.to_thread(postgres.kill)

    loop.run(storm())

    kept = [name for (name,) in postgres.execute("SELECT message_id FROM curations")]
    assert len(acknowledged) > 100
    assert set(acknowledged) <= set(kept)
    assert len(kept) <= len(acknowledged) + len(faults)
    assert all(error.retry_after == 1.0 for error in faults)


def test_a_connection_that_is_ended_between_two_writes_is_noticed_by_nobody(loop, shared, postgres):
    loop.run(shared.write((INSERT, [("1",)])))
    assert postgres.kill() > 0

    loop.run(shared.write((INSERT, [("2",)])))

    assert loop.run(shared.read("SELECT count(*) FROM curations")) == [(2,)]


def test_connections_that_are_ended_between_two_reads_are_noticed_by_nobody(loop, shared, postgres):
    loop.run(shared.read("SELECT 1"))
    assert postgres.kill() > 0

    assert loop.run(shared.read("SELECT 1")) == [(1,)]


def test_of_a_connection_that_is_lost_over_a_commit_it_is_said_that_nobody_knows(loop, shared, postgres):
    postgres.execute(SLOW_COMMIT.format(schema=postgres.name))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query = 'COMMIT' AND wait_event = 'PgSleep'"

    async def interrupted():
        write = asyncio.create_task(shared.write((INSERT, [("1",)])))
        while (await asyncio.to_thread(postgres.execute, waiting, [postgres.name])) == [(0,)]:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
        await asyncio.to_thread(postgres.kill)
        await write

    try:
        with pytest.raises(StoreUnavailable, match="whether this was kept is not known"):
            loop.run(interrupted())
    finally:
        postgres.execute("DROP FUNCTION slowly CASCADE")


# -- a server of the test's own


@pytest.fixture(scope="module")
def own(tmp_path_factory, unless):
    if (reason := OwnServer.absence()) is not None:
        unless(reason)
    folder = tmp_path_factory.mktemp("pg")
    for each in folder.parents[:2]:
        each.chmod(each.stat().st_mode | 0o055)
    return OwnServer(folder)


@pytest.fixture
def running(own):
    own.start()
    yield own
    own.stop()


def opened(loop, server, **options):
    database = PostgresDatabase(Server(url=server.url, timeout=0.5), retry=0.02, heartbeat=0.05, timeout=0.5, **options)
    loop.keep(database)
    return database


async def when(condition):
    while not condition():  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.01)


def test_a_server_that_is_away_is_told_at_once_and_found_when_it_is_back(loop, own):
    database = opened(loop, own)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        loop.run(database.write((INSERT, [("1",)])))
    own.start()

    try:
        loop.run(when(lambda: database.status().fault is None))
        loop.run(database.write((INSERT, [("1",)])))
        assert loop.run(database.read("SELECT count(*) FROM curations")) == [(1,)]
        loop.run(database.write(("DELETE FROM curations", [()])))
    finally:
        own.stop()


def test_a_server_that_goes_away_while_nobody_writes_is_told_and_found_again(loop, running):
    database = opened(loop, running)

    running.stop()
    loop.run(when(lambda: database.status().fault is not None))
    running.start()
    loop.run(when(lambda: database.status().fault is None))

    assert loop.run(database.read("SELECT 1")) == [(1,)]


def test_a_server_that_is_restarted_under_load_has_all_that_was_acknowledged(loop, running):
    database = opened(loop, running)
    acknowledged, faults = [], []

    async def storm():
        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(writing(database, 1.5, acknowledged, faults))
            await asyncio.sleep(0.3)
            await asyncio.to_thread(running.stop, "fast")
            await asyncio.to_thread(running.start)

    loop.run(storm())
    loop.run(when(lambda: database.status().fault is None))

    kept = {name for (name,) in loop.run(database.read("SELECT message_id FROM curations"))}
    assert set(acknowledged) <= kept
    assert faults


def test_a_server_that_hangs_keeps_nobody_waiting_for_longer_than_the_timeout(loop, running):
    database = opened(loop, running)
    loop.run(database.read("SELECT 1"))
    frozen = psutil.Process(running.pid).children()
    for process in frozen:
        process.suspend()

    try:
        started = time.monotonic()
        for work in (database.write((INSERT, [("x",)])), database.read("SELECT 1")):
            with pytest.raises(StoreUnavailable):
                loop.run(work)
        waited = time.monotonic() - started
    finally:
        for process in frozen:
            process.resume()

    assert waited < 3.0
    loop.run(when(lambda: database.status().fault is None))
    assert loop.run(database.read("SELECT 1")) == [(1,)]
