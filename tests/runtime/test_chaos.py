"""Actors are killed at random while others wait for them."""

from __future__ import annotations

import random
import threading

import pytest
from legion_llm.messages.errors import LegionError
from legion_llm.runtime import ASYNCIO, TRIO, Actor, ChildSpec, SystemState, spawned
from zoo import SOON, Add, Clerk

NAMES = ("near clerk", "far clerk", "near asker", "far asker")


class Walker(Actor[Add]):
    """Asks two others one after the other."""

    def __init__(self, first, second) -> None:
        super().__init__()
        self._first, self._second = first, second

    @spawned
    async def on_add(self, message: Add) -> int:
        await self._first.ask(message)
        await self._second.ask(message)
        return message.number


@pytest.fixture
def house(make_system):
    """Two clerks and two walkers between them, on both loops."""
    system = make_system()

    def walker():
        return Walker(system.address("near clerk"), system.address("far clerk"))

    for name, factory in zip(NAMES, (Clerk, Clerk, walker, walker), strict=True):
        home = TRIO if name.startswith("near") else ASYNCIO
        system.add("", ChildSpec(name=name, factory=factory, home=home))
    return system


@pytest.mark.parametrize("seed", range(5))
def test_every_ask_is_answered_whoever_is_killed_meanwhile(house, seed):
    dice = random.Random(seed)
    stop = threading.Event()

    def kill_at_random():
        while not stop.is_set():
            house.kill(dice.choice(NAMES))
            stop.wait(0.002)

    killer = threading.Thread(target=kill_at_random)
    killer.start()
    ends = []
    for _ in range(10):
        replies = [house.address(dice.choice(NAMES)).request(Add(number=1)) for _ in range(200)]
        ends += [_end_of(reply) for reply in replies]
    stop.set()
    killer.join()

    assert len(ends) == 2000
    assert ends.count("answered") > 0
    assert all(house.address(name).request(Add(number=1)).get(SOON) >= 1 for name in NAMES)
    assert house.state is SystemState.READY
    assert [house.inspect(name)["tasks"] for name in NAMES] == [0] * 4


def _end_of(reply):
    try:
        reply.get(SOON)
    except LegionError:
        return "refused"
    return "answered"
