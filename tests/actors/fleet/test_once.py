"""Whatever has a key happens once."""

from __future__ import annotations

import pytest
from legion_llm.actors.fleet.claims import ReplayGuard
from legion_llm.actors.fleet.once import Once, Stage
from legion_llm.messages.fleet_codes import FleetCode, FleetFault


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_key_is_new_once_and_then_under_way(clock):
    once = Once(clock)

    assert [once.reserve("a").stage, once.reserve("a").stage] == [Stage.NEW, Stage.UNDER_WAY]


def test_a_key_that_is_done_gives_its_result(clock):
    once = Once(clock)
    once.reserve("a")

    once.complete("a", "result")

    assert (once.reserve("a").stage, once.reserve("a").result) == (Stage.DONE, "result")


def test_a_key_that_came_to_nothing_may_be_tried_again(clock):
    once = Once(clock)
    once.reserve("a")

    once.release("a")

    assert once.reserve("a").stage is Stage.NEW


def test_a_key_is_forgotten_after_its_time(clock):
    once = Once(clock, seconds=600.0)
    once.reserve("a")

    clock.now = 600.0

    assert once.reserve("a").stage is Stage.NEW


def test_of_too_many_keys_the_oldest_is_forgotten(clock):
    once = Once(clock, most=2)

    for key in "abc":
        once.reserve(key)

    assert len(once) == 2
    assert once.reserve("c").stage is Stage.UNDER_WAY
    assert once.reserve("a").stage is Stage.NEW


def test_completing_a_forgotten_key_remembers_nothing(clock):
    once = Once(clock)

    once.complete("a", "result")

    assert len(once) == 0


def test_a_token_is_taken_once(clock):
    guard = ReplayGuard(clock)
    guard.reserve("jti")

    with pytest.raises(FleetFault) as caught:
        guard.reserve("jti")

    assert caught.value.code is FleetCode.INVALID_TOKEN


def test_a_released_token_is_taken_again(clock):
    guard = ReplayGuard(clock)
    guard.reserve("jti")
    guard.release("jti")

    guard.reserve("jti")

    with pytest.raises(FleetFault):
        guard.reserve("jti")
