"""Actors are killed at random while others wait for them."""

from __future__ import annotations

import random
import threading

import pytest
from legion_llm.messages.errors import LegionError
from legion_llm.runtime import (
    ASYNCIO,
    TRIO,
    Actor,
    ChildSpec,
    Intensity,
    Restart,
    Strategy,
    SupervisorSpec,
    SystemState,
    spawned,
)
from zoo import SOON, Add, Clerk, shown, wait_for

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
    return furnished(make_system())


def furnished(system):
    """Add two clerks and two walkers between them, on both loops."""

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


class Meddlers:
    """Threads that each do one thing over and over, at random moments, until they are told to stop."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.bugs: list[BaseException] = []

    def begin(self, meddle) -> None:
        dice = random.Random(f"{self._seed} {len(self._threads)}")
        self._threads.append(threading.Thread(target=self._run, args=(meddle, dice)))
        self._threads[-1].start()

    def _run(self, meddle, dice) -> None:
        while not self._stop.wait(dice.uniform(0.0, 0.004)):
            try:
                meddle(dice)
            except LegionError:
                continue  # an answer
            except BaseException as error:
                self.bugs.append(error)
                raise

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(SOON)
            assert not thread.is_alive()


def add_and_remove(system, name):
    """Return what adds a clerk and removes it again, on either loop."""

    def meddle(dice):
        home = dice.choice([TRIO, ASYNCIO])
        restart = dice.choice(list(Restart))
        system.add("branch", ChildSpec(name=name, factory=Clerk, home=home, restart=restart))
        system.remove("branch", name, drain=0.0)

    return meddle


def impatient_ask(system, ends):
    """Return what asks somebody and gives up in one way or another, or not."""

    def meddle(dice):
        address = system.address(dice.choice([*NAMES, "branch/guest", "branch/clerk", "nobody"]))
        reply = address.request(Add(number=1), timeout=dice.choice([0.001, 0.1]))
        if dice.random() < 0.3:
            reply.cancel()
        ends.append(_end_of(reply))

    return meddle


@pytest.mark.parametrize("strategy", list(Strategy), ids=str)
def test_whatever_many_hands_do_at_once_everybody_is_answered_and_all_comes_to_rest(make_system, strategy):
    before = set(threading.enumerate())
    limits = Intensity(max_restarts=10_000, backoff_initial=0.0)
    branch = SupervisorSpec(
        name="branch", strategy=strategy, intensity=limits, children=(ChildSpec(name="clerk", factory=Clerk),)
    )
    system = furnished(make_system(branch, intensity=limits))
    meddlers, ends = Meddlers(7), []

    for _ in range(3):
        meddlers.begin(impatient_ask(system, ends))
    meddlers.begin(add_and_remove(system, "guest"))
    meddlers.begin(add_and_remove(system, "guest"))
    meddlers.begin(lambda dice: system.kill(dice.choice([*NAMES, "branch/clerk", "branch/guest"])))
    meddlers.begin(lambda dice: system.inspect(dice.choice([*NAMES, "branch/guest"]), timeout=0.01))
    wait_for(lambda: len(ends) >= 200)
    meddlers.stop()

    assert meddlers.bugs == []
    assert system.state is SystemState.READY
    assert all(system.address(name).request(Add(number=1)).get(SOON) >= 1 for name in (*NAMES, "branch/clerk"))
    assert [shown(system, name)["tasks"] for name in NAMES] == [0] * 4
    system.shutdown()
    assert set(threading.enumerate()) <= before
