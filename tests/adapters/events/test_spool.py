"""The spool of events: durable, each id once, bounded, for its owner alone."""

from __future__ import annotations

import asyncio
import stat

import pytest
from cryptography.fernet import Fernet
from legion_llm.actors.courier.port import Event
from legion_llm.adapters.events.spool import SqliteSpool
from legion_llm.adapters.fleet.encryption import FernetCipher
from legion_llm.messages.errors import StoreInUse
from legion_llm.messages.secret import Secret


def event(number):
    return Event(
        id=f"e{number}",
        exchange="llm.metering",
        key="metering.chat",
        body='{"n":1}',
        headers={"a": "b"},
        at=float(number),
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "events.db"


def run(path, work, **options):
    """Open a spool, do something with it, and close it: as one process after the other does."""

    async def whole():
        spool = SqliteSpool(path, **options)
        try:
            return await work(spool)
        finally:
            await spool.aclose()

    return asyncio.run(whole())


def test_events_outlive_the_process_and_come_back_in_order(path):
    run(path, lambda spool: spool.append([event(1), event(2)]))

    assert run(path, lambda spool: spool.due(10)) == (event(1), event(2))


def test_an_event_that_is_told_twice_waits_once(path):
    async def work(spool):
        await spool.append([event(1)])
        await spool.append([event(1), event(2)])
        return await spool.due(10)

    assert run(path, work) == (event(1), event(2))


def test_what_was_handed_on_is_not_due_again_even_if_it_is_told_again(path):
    async def work(spool):
        await spool.append([event(1), event(2)])
        await spool.handed(["e1"])
        await spool.append([event(1)])
        return await spool.due(10)

    assert run(path, work) == (event(2),)


def test_an_id_is_forgotten_after_its_time(path):
    now = [0.0]

    async def work(spool):
        await spool.append([event(1), event(2)])
        await spool.handed(["e1"])
        now[0] = 61.0
        await spool.handed(["e2"])
        await spool.append([event(1)])
        return await spool.due(10)

    assert run(path, work, keep=60.0, wall_clock=lambda: now[0]) == (event(1),)


def test_past_its_bound_the_oldest_are_dropped(path, caplog):
    async def work(spool):
        await spool.append([event(number) for number in range(5)])
        return await spool.due(10)

    assert [each.id for each in run(path, work, most=2)] == ["e3", "e4"]
    assert "3 events are dropped" in caplog.text


def test_no_more_come_at_once_than_are_asked_for(path):
    async def work(spool):
        await spool.append([event(1), event(2)])
        return await spool.due(1)

    assert run(path, work) == (event(1),)


def test_bodies_may_be_encrypted(path):
    cipher = FernetCipher([Secret(Fernet.generate_key().decode())])

    async def work(spool):
        await spool.append([event(1)])
        return await spool.due(10)

    assert run(path, work, cipher=cipher) == (event(1),)
    assert b'{"n":1}' not in path.read_bytes()


def test_the_file_is_for_its_owner_alone_and_for_one_process(path):
    async def work(spool):
        await spool.append([event(1)])
        other = SqliteSpool(path)
        with pytest.raises(StoreInUse, match=r"events\.path"):
            await other.due(1)
        await other.aclose()

    run(path, work)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
