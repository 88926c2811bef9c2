"""Confidence is looked for at hand, in the cache and in the file, and kept in all of them; a store that fails loses nothing."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.toolbox.beside import both
from legion_llm.actors.toolbox.confidence import STALE_SECONDS, fresh
from legion_llm.actors.toolbox.overrides import Overrides, OverrideStores
from legion_llm.messages.errors import HostError, StoreUnavailable
from legion_llm.messages.tools import ToolOutcome

pytestmark = pytest.mark.trio


class Store:
    def __init__(self, *records):
        self.kept = {record.tool: record for record in records}
        self.is_down = False
        self.hangs = False

    async def _look(self):
        await trio.lowlevel.checkpoint()
        if self.hangs:
            await trio.sleep_forever()
        if self.is_down:
            raise StoreUnavailable("down", store="s")

    async def get(self, tool):
        await self._look()
        return self.kept.get(tool)

    async def put(self, record):
        await self._look()
        self.kept[record.tool] = record

    async def all(self):
        await self._look()
        return list(self.kept.values())


def record(confidence, tool="read", **fields):
    return attrs.evolve(fresh(tool, "mine", 0.0), confidence=confidence, **fields)


def overrides(**stores):
    return Overrides(OverrideStores(**stores), lambda: 1.0)


@pytest.mark.parametrize(
    ("stores", "confidence"),
    [
        ({}, 0.5),
        ({"cache": Store(record(0.9)), "file": Store(record(0.6))}, 0.9),
        ({"cache": Store(), "file": Store(record(0.6))}, 0.6),
        ({"file": Store(record(0.9, override="another"))}, 0.5),
        ({"file": Store(record(0.9, updated_at=-STALE_SECONDS))}, 0.5),
        ({"knowledge": Store(record(0.9))}, 0.5),
    ],
)
async def test_the_nearest_place_that_knows_counts(stores, confidence):
    assert (await overrides(**stores).of("read", "mine")).confidence == confidence


async def test_at_the_start_the_file_counts_before_what_others_know():
    made = overrides(file=Store(record(0.6)), knowledge=Store(record(1.0), record(1.0, "write")))

    await made.hydrate()

    assert (await made.of("read", "mine")).confidence == 0.6
    assert (await made.of("write", "mine")).confidence == 0.8


async def test_a_trial_is_kept_everywhere():
    stores = {"cache": Store(), "file": Store(), "knowledge": Store()}

    await overrides(**stores).count("read", "mine", agreed=True)

    assert [store.kept["read"].confidence for store in stores.values()] == [0.55] * 3


async def test_a_store_that_was_down_is_told_with_the_next_trial():
    file, cache = Store(), Store()
    made = overrides(file=file, cache=cache)
    file.is_down = True

    await made.count("read", "mine", agreed=True)
    file.is_down = False
    await made.count("write", "mine", agreed=False)

    assert {tool: kept.confidence for tool, kept in file.kept.items()} == {"read": 0.55, "write": 0.4}
    assert cache.kept == file.kept


async def test_stores_that_cannot_be_read_know_nothing(autojump_clock):
    file, cache = Store(record(0.9)), Store(record(0.9))
    file.is_down, cache.hangs = True, True
    made = overrides(file=file, cache=cache)

    await made.hydrate()

    assert (await made.of("read", "mine")).confidence == 0.5
    assert made.snapshot()["read"] == {"override": "mine", "confidence": 0.5, "hits": 0, "misses": 0}


def says(content):
    async def run():
        await trio.lowlevel.checkpoint()
        if isinstance(content, Exception):
            raise content
        return ToolOutcome(content=content)

    return run


async def test_of_two_at_once_the_first_counts():
    assert await both(says("a"), says("b")) == (ToolOutcome(content="a"), ToolOutcome(content="b"))


async def test_a_failure_of_the_first_is_raised_as_it_is_and_the_second_is_stopped():
    with pytest.raises(HostError, match="no"):
        await both(says(HostError("no")), trio.sleep_forever)
