"""How rows come into the ledger: nobody waits for them, unless somebody does; none is lost, and none is there twice."""

from __future__ import annotations

import asyncio
import threading

import pytest
from legion_llm.actors.metering.actor import AttemptsWanted, Metering, MeteringConfig
from legion_llm.actors.outlet.backlog import Backlog
from legion_llm.adapters.stores.memory.ledger import MemoryLedger
from legion_llm.messages.errors import StoreFull, StoreUnavailable
from legion_llm.messages.ledger import EntriesWanted, Settle, Span, UsageWanted
from legion_llm.runtime import ASYNCIO

PATIENCE = 10.0


class SlowLedger(MemoryLedger):
    """A ledger that can be told to fail, or to wait after it has kept what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple] = []
        self.fault = None
        self.holds = False
        self.held = threading.Event()
        self.tried = threading.Event()

    async def append(self, entries) -> None:
        if self.fault is not None:
            self.tried.set()
            raise self.fault
        self.batches.append(tuple(entries))
        await super().append(entries)
        if self.holds:
            self.held.set()
            await asyncio.sleep(3600)


@pytest.fixture
def ledger():
    return SlowLedger()


@pytest.fixture
def backlog():
    return Backlog(100)


@pytest.fixture
def metering(house, ledger, backlog):
    """A house with a ledger, in which nobody waits long."""
    config = MeteringConfig(keep_attempts=10, patience=0.05)
    house.add("metering", lambda: Metering(config, ledger, backlog), ASYNCIO)
    house.start()
    return house


def tell(metering, *attempts):
    for attempt in attempts:
        metering.address("metering").tell(attempt)


def ids(ledger):
    return [entry.id for batch in ledger.batches for entry in batch]


def test_rows_are_in_the_ledger_when_settling_is_answered(metering, ledger, finished):
    attempts = [finished() for _ in range(10)]

    tell(metering, *attempts)
    metering.ask("metering", Settle())

    assert ids(ledger) == [attempt.id for attempt in attempts]


def test_rows_that_come_together_are_written_together(metering, ledger, finished):
    tell(metering, *[finished() for _ in range(100)])
    metering.ask("metering", Settle())

    assert len(ledger.batches) < 20


def test_settling_an_empty_ledger_is_answered_at_once(metering):
    metering.ask("metering", Settle())


def test_rows_are_written_though_nobody_waits(metering, ledger, finished):
    ledger.fault = StoreUnavailable("away", store="x")
    tell(metering, finished())

    assert ledger.tried.wait(PATIENCE)


def test_usage_counts_what_was_told_before(metering, finished):
    tell(metering, finished(), finished(model="n"))

    report = metering.ask("metering", UsageWanted(group_by=("model",)))

    assert {row.group: row.attempts for row in report.rows} == {("m",): 1, ("n",): 1}
    assert report.total.input_tokens == 6


def test_the_rows_can_be_had(metering, finished):
    attempt = finished()
    tell(metering, attempt)

    (entry,) = metering.ask("metering", EntriesWanted(span=Span(since=0.0)))

    assert entry.id == attempt.id


def test_whoever_waits_hears_that_the_store_is_away_and_the_rows_are_kept_for_later(
    metering, ledger, backlog, finished
):
    ledger.fault = StoreFull("the disk is full", store="/data/x.db")
    tell(metering, finished())

    with pytest.raises(StoreUnavailable, match="the disk is full") as caught:
        metering.ask("metering", Settle())

    assert caught.value.store == "/data/x.db"
    assert len(backlog) == 1
    assert metering.inspect("metering")["ledger"] == {
        "waiting": 1,
        "written": 0,
        "dropped": 0,
        "fault": "the disk is full",
    }


def test_a_meter_that_is_killed_while_it_writes_loses_no_row_and_doubles_none(metering, ledger, finished):
    ledger.holds = True
    attempts = [finished() for _ in range(5)]
    tell(metering, *attempts)
    assert ledger.held.wait(PATIENCE)  # they are kept, but nobody knows yet
    ledger.holds = False

    metering.kill("metering")
    tell(metering, last := finished())
    report = metering.ask("metering", UsageWanted(group_by=()))

    assert report.total.attempts == 6
    assert set(ids(ledger)) == {attempt.id for attempt in (*attempts, last)}


def test_rows_that_wait_are_written_before_the_house_closes(house, ledger, backlog, finished):
    config = MeteringConfig(keep_attempts=10)
    house.add("metering", lambda: Metering(config, ledger, backlog), ASYNCIO)
    house.start()
    tell(house, *[finished() for _ in range(50)])

    house.system.shutdown(drain=1.0)

    assert len(ids(ledger)) == 50


def test_where_too_many_wait_the_oldest_are_dropped_counted_and_those_who_wait_told(house, ledger, finished):
    backlog = Backlog(3)
    config = MeteringConfig(keep_attempts=10, patience=PATIENCE)
    house.add("metering", lambda: Metering(config, ledger, backlog), ASYNCIO)
    house.start()
    ledger.fault = StoreUnavailable("away", store="x")
    tell(house, *[finished() for _ in range(3)])
    waiting = house.address("metering").request(Settle())

    tell(house, *[finished() for _ in range(600)])

    with pytest.raises(StoreUnavailable):
        waiting.get(PATIENCE)
    house.ask("metering", AttemptsWanted())  # comes after them all
    assert house.inspect("metering")["ledger"]["dropped"] >= 500
