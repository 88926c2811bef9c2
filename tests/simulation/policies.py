"""Who decides: the real actors, or one of three simple rules that people write first."""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

import trio
from legion_llm.messages.chat import Request, Response
from legion_llm.messages.errors import LegionError
from world import SimulatedProvider

Ask: TypeAlias = Callable[[Request], Awaitable[Response]]
Order: TypeAlias = Callable[[], Sequence[str]]

ATTEMPTS = 3
_COOLDOWN = 60.0
_FAILURES = 3


def _in_turn(providers: Mapping[str, SimulatedProvider], order: Order, told: Callable[[str, bool], None]) -> Ask:
    async def ask(request: Request) -> Response:
        for number, name in enumerate(list(order())[:ATTEMPTS], 1):
            try:
                response = await providers[name].chat(request, "m")
            except LegionError:
                told(name, False)
                if number == min(ATTEMPTS, len(providers)):
                    raise
            else:
                told(name, True)
                return response
        raise AssertionError("no provider")

    return ask


def _deaf(_name: str, _well: bool) -> None:
    """These rules do not learn."""


def at_random(providers: Mapping[str, SimulatedProvider], seed: int) -> Ask:
    dice = random.Random(seed)
    return _in_turn(providers, lambda: dice.sample(list(providers), len(providers)), _deaf)


def round_robin(providers: Mapping[str, SimulatedProvider], _seed: int) -> Ask:
    names = list(providers)
    turn = itertools.count()

    def order() -> Sequence[str]:
        first = next(turn) % len(names)
        return names[first:] + names[:first]

    return _in_turn(providers, order, _deaf)


def first_healthy(providers: Mapping[str, SimulatedProvider], _seed: int) -> Ask:
    """The favourite, unless it has failed three times in a row within the last minute."""
    failures = dict.fromkeys(providers, 0)
    until = dict.fromkeys(providers, 0.0)

    def told(name: str, well: bool) -> None:
        failures[name] = 0 if well else failures[name] + 1
        if failures[name] >= _FAILURES:
            until[name] = trio.current_time() + _COOLDOWN

    def order() -> Sequence[str]:
        now = trio.current_time()
        return sorted(providers, key=lambda name: until[name] > now)

    return _in_turn(providers, order, told)


SIMPLE: Mapping[str, Callable[[Mapping[str, SimulatedProvider], int], Ask]] = {
    "random": at_random,
    "round robin": round_robin,
    "first healthy": first_healthy,
}
OURS = "legion"
POLICIES = (OURS, *SIMPLE)
