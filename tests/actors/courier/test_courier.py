"""The courier: hands on what waits, keeps what nobody takes, and goes on after a spool that was away."""

from __future__ import annotations

import asyncio
import queue
import time

import pytest
from legion_llm.actors.courier.actor import Courier, CourierStatus
from legion_llm.actors.courier.port import Event
from legion_llm.messages.errors import StoreUnavailable
from legion_llm.runtime import ASYNCIO


class SpoolDouble:
    def __init__(self, *events):
        self.events = list(events)
        self.fault = None
        self.closed = 0

    async def append(self, events):
        self.events += events

    async def due(self, most):
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return tuple(self.events[:most])

    async def handed(self, ids):
        self.events = [each for each in self.events if each.id not in ids]

    async def arrived(self):
        await asyncio.sleep(0.001)  # it is looked at again at once

    async def aclose(self):
        self.closed += 1


class OutsideDouble:
    is_there = True

    def __init__(self):
        self.taken = queue.Queue()
        self.refused = set()

    async def open(self):
        pass

    async def hand(self, event):
        if event.id in self.refused:
            return False
        self.taken.put(event.id)
        return True

    async def aclose(self):
        pass


def event(name):
    return Event(id=name, exchange="x", key="k", body="{}")


@pytest.fixture
def outside():
    return OutsideDouble()


@pytest.fixture
def start(house, outside):
    def start(*events):
        spool = SpoolDouble(*events)
        house.add("courier", lambda: Courier(spool, outside), ASYNCIO)
        house.start()
        return spool

    return start


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_what_waits_is_handed_on_once(start, outside, house):
    spool = start(event("a"), event("b"))

    until(lambda: not spool.events)

    assert [outside.taken.get_nowait(), outside.taken.get_nowait()] == ["a", "b"]
    assert outside.taken.empty()
    assert house.ask("courier", CourierStatus()) == 2


def test_what_nobody_takes_waits_and_delays_nothing_else(start, outside):
    outside.refused.add("a")
    spool = start(event("a"), event("b"))

    assert outside.taken.get(timeout=10) == "b"
    until(lambda: len(spool.events) == 1)
    outside.refused.clear()

    assert outside.taken.get(timeout=10) == "a"


def test_while_nobody_is_there_everything_waits(start, outside):
    outside.is_there = False
    spool = start(event("a"))
    assert spool.events == [event("a")]

    outside.is_there = True

    assert outside.taken.get(timeout=10) == "a"


def test_a_spool_that_was_away_is_asked_again(start, outside, house):
    outside.is_there = False
    spool = start()
    spool.fault = StoreUnavailable("gone", store="events.db")
    spool.events.append(event("a"))

    outside.is_there = True

    assert outside.taken.get(timeout=10) == "a"
    assert house.inspect("courier")["handed"] >= 0


def test_the_spool_is_closed_at_the_end(start, house):
    spool = start()

    house.system.shutdown(drain=1.0)

    assert spool.closed == 1
