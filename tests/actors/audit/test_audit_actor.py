"""One event per request, in every sink, whatever becomes of actor and sinks."""

from __future__ import annotations

import asyncio
import threading

import pytest
from legion_llm.actors.audit.actor import Audit, Drain
from legion_llm.actors.audit.event import Scribe
from legion_llm.actors.audit.redaction import Redactor
from legion_llm.actors.outlet.backlog import Backlog
from legion_llm.adapters.stores.memory.audit import MemoryAudit
from legion_llm.messages.audit import AuditQuery, EventsWanted, RequestFinished
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.errors import NotFoundError, StoreUnavailable
from legion_llm.messages.outcome import Outcome
from legion_llm.runtime import ASYNCIO

PATIENCE = 10.0


class Sink(MemoryAudit):
    """A sink that can be told to fail, or to wait after it has kept what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.fault = None
        self.holds = False
        self.held = threading.Event()
        self.closed = False
        self.ids: list[str] = []

    async def append(self, events) -> None:
        if self.fault is not None:
            raise self.fault
        self.ids += [event.id for event in events]
        await super().append(events)
        if self.holds:
            self.held.set()
            await asyncio.sleep(3600)

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def sinks():
    return Sink(), Sink()


@pytest.fixture
def audit(house, sinks):
    """A house that keeps a record in a store, and in another sink."""
    drains = tuple(
        Drain(name=name, sink=sink, backlog=Backlog(100)) for name, sink in zip(("store", "jsonl"), sinks, strict=True)
    )
    house.add("audit", lambda: Audit(Scribe(redactor=Redactor()), drains, store=sinks[0], patience=0.05), ASYNCIO)
    house.start()
    return house


def told(number):
    request = Request(messages=(ChatMessage(content="hi"),), id=f"req_{number}")
    return RequestFinished(request=request, outcome=Outcome.SUCCESS, began_at=float(number), seconds=0.0)


def tell(house, *messages):
    for message in messages:
        house.address("audit").tell(message)


def events(house, **query):
    return [event.request_id for event in house.ask("audit", EventsWanted(query=AuditQuery(**query)))]


def test_every_request_has_one_event(audit):
    tell(audit, *map(told, range(5)))

    assert events(audit) == [f"req_{number}" for number in range(5)]


def test_the_events_of_one_request_can_be_asked_for(audit):
    tell(audit, *map(told, range(5)))

    assert events(audit, request_id="req_3") == ["req_3"]


def test_a_sink_that_is_away_does_not_hold_up_the_other(audit, sinks):
    sinks[1].fault = StoreUnavailable("away", store="x")

    tell(audit, told(1))

    assert events(audit) == ["req_1"]
    assert sinks[1].ids == []


def test_a_store_that_is_away_is_told_to_who_asks(audit, sinks):
    sinks[0].fault = StoreUnavailable("away", store="x")
    tell(audit, told(1))

    with pytest.raises(StoreUnavailable, match="away"):
        events(audit)


def test_an_audit_that_is_killed_while_it_writes_loses_no_event_and_doubles_none(audit, sinks):
    sinks[0].holds = True
    tell(audit, *map(told, range(5)))
    assert sinks[0].held.wait(PATIENCE)  # they are kept, but nobody knows yet
    sinks[0].holds = False

    audit.kill("audit")
    tell(audit, told(5))

    assert events(audit) == [f"req_{number}" for number in range(6)]


def test_what_waits_is_written_and_the_sinks_closed_before_the_house_closes(audit, sinks):
    messages = [told(number) for number in range(50)]
    tell(audit, *messages)

    audit.system.shutdown(drain=1.0)

    assert [sink.ids for sink in sinks] == [[message.id for message in messages]] * 2
    assert [sink.closed for sink in sinks] == [True, True]


def test_without_a_store_there_is_nothing_to_look_at(house):
    house.add("audit", lambda: Audit(Scribe(redactor=Redactor()), ()), ASYNCIO)
    house.start()
    tell(house, told(1))

    with pytest.raises(NotFoundError, match=r"audit\.sinks"):
        events(house)


def test_its_snapshot_tells_how_the_writing_goes(audit):
    tell(audit, told(1))
    events(audit)

    assert audit.inspect("audit")["store"] == {"waiting": 0, "written": 1, "dropped": 0, "fault": None}
