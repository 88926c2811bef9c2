from __future__ import annotations

import asyncio

import pytest
from legion_llm.actors.cache.shared import SharedCache, SharedCacheConfig
from legion_llm.messages.caching import AnswerFound, AnswerWanted
from legion_llm.messages.errors import TargetUnavailable
from legion_llm.runtime import ASYNCIO


class Answers:
    """A cache elsewhere that does what the test says."""

    def __init__(self):
        self.kept = {}
        self.asked = 0
        self.is_away = False
        self.hangs = False

    async def get(self, key):
        await self._met()
        return self.kept.get(key)

    async def put(self, key, response, seconds):
        await self._met()
        self.kept[key] = response

    async def aclose(self):
        pass

    async def _met(self):
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_away:
            raise TargetUnavailable("away")


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def cache(house, answers):
    config = SharedCacheConfig(seconds=60.0, patience=0.01)
    house.add("cache", lambda: SharedCache(config, answers), ASYNCIO)
    house.start()
    return house


def found(house, answer):
    house.ask("cache", AnswerFound(key="k", response=answer))
    return house.ask("cache", AnswerWanted(key="k"))


def test_what_is_kept_is_found(cache, answer):
    assert found(cache, answer("hello")).text == "hello"


@pytest.mark.parametrize("trouble", ["is_away", "hangs"])
def test_a_cache_in_trouble_is_a_miss_and_is_left_alone_for_a_while(cache, answers, trouble, answer):
    setattr(answers, trouble, True)

    ends = [cache.ask("cache", AnswerWanted(key="k")) for _ in range(3)]

    assert ends == [None, None, None]
    assert answers.asked == 1


@pytest.mark.parametrize("trouble", ["is_away", "hangs"])
def test_a_cache_that_is_back_is_found_within_five_seconds(cache, answers, trouble, answer):
    setattr(answers, trouble, True)
    assert cache.ask("cache", AnswerWanted(key="k")) is None
    setattr(answers, trouble, False)

    cache.advance(5.0)

    assert found(cache, answer("hello")).text == "hello"
