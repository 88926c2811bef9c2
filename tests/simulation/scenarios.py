"""What the simulated world goes through."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import attrs
from world import Nature, Spell


@attrs.frozen
class Jump:
    """The machine's clocks are set.

    Attributes:
        at: Seconds after the start.
        monotonic: Seconds by which the monotonic clock leaps forward, as when a machine that slept wakes up.
        wall: Seconds by which the wall clock is set, in either direction.
    """

    at: float
    monotonic: float = 0.0
    wall: float = 0.0


@attrs.frozen(kw_only=True)
class Scenario:
    """A world and its weather.

    Attributes:
        natures: The providers, favourite first; "pool/a" and "pool/b" are instances of one provider.
        load: Requests per second, by seconds since the start.
        minutes: Length.
        patience: Seconds that a caller waits, by its dice.
        jumps: When clocks are set.
    """

    natures: tuple[Nature, ...]
    load: Callable[[float], float]
    minutes: float
    patience: Callable[[random.Random], float] = lambda _dice: 60.0
    jumps: tuple[Jump, ...] = ()


def steady(rate: float) -> Callable[[float], float]:
    return lambda _now: rate


def _every(period: float, lasts: float, illness: str, until: float, share: float = 1.0) -> tuple[Spell, ...]:
    starts = [period * number for number in range(1, int(until / period) + 1)]
    return tuple(Spell(begins=at, ends=at + lasts, illness=illness, share=share) for at in starts)  # type: ignore[arg-type]


HOUR = 3600.0

SCENARIOS: Mapping[str, Scenario] = {
    # Three providers; each has its own bad hours, as real ones do.
    "weather": Scenario(
        natures=(
            Nature(name="fast", median=0.6, spells=_every(900, 120, "errors", 2 * HOUR)),
            Nature(name="steady", median=1.2, spells=_every(1500, 60, "down", 2 * HOUR)),
            Nature(name="slow", median=3.0, spells=_every(2000, 90, "slow", 2 * HOUR)),
        ),
        load=steady(4.0),
        minutes=60,
    ),
    # The favourite is well for twenty seconds and ill for ten, all the time.
    "flapping": Scenario(
        natures=(
            Nature(name="flapper", median=0.5, spells=_every(30, 10, "down", HOUR)),
            Nature(name="steady", median=1.0),
        ),
        load=steady(6.0),
        minutes=20,
    ),
    # It gets slower, then falls silent in the middle of the window.
    "slow death": Scenario(
        natures=(
            Nature(
                name="dying",
                median=0.5,
                spells=(
                    Spell(begins=300, ends=480, illness="slow"),
                    Spell(begins=480, ends=900, illness="hang"),
                ),
            ),
            Nature(name="heir", median=1.0),
        ),
        load=steady(5.0),
        minutes=20,
    ),
    # The favourite allows less than what is asked for.
    "rate limited": Scenario(
        natures=(Nature(name="stingy", median=0.4, per_minute=60), Nature(name="generous", median=1.5)),
        load=steady(4.0),
        minutes=20,
    ),
    # Three minutes at three times the capacity, then a normal load again.
    "overload": Scenario(
        natures=(Nature(name="one", median=1.0, slots=5), Nature(name="two", median=1.0, slots=5)),
        load=lambda now: 28.0 if 120 <= now < 300 else 4.0,
        minutes=8,
        patience=lambda _dice: 30.0,
    ),
    # Nobody answers for five minutes.
    "darkness": Scenario(
        natures=(
            Nature(name="one", spells=(Spell(begins=120, ends=420, illness="down"),)),
            Nature(name="two", spells=(Spell(begins=120, ends=420, illness="errors"),)),
        ),
        load=steady(5.0),
        minutes=15,
    ),
    # The favourite allows so many calls and tokens a minute, and the settings know it; the same once with tokens alone.
    "known limits": Scenario(
        natures=(
            Nature(name="stingy", median=0.4, per_minute=60, settings={"limits": {"requests_per_minute": 60}}),
            Nature(
                name="frugal",
                median=0.4,
                tokens=500,
                tokens_per_minute=30_000,
                settings={"limits": {"tokens_per_minute": 28_000}},
            ),
            Nature(name="generous", median=1.5),
        ),
        load=steady(4.0),
        minutes=20,
    ),
    # Nobody has paid the favourite's bill for half an hour; it says so with a 400.
    "unpaid": Scenario(
        natures=(
            Nature(name="broke", median=0.5, spells=(Spell(begins=300, ends=2100, illness="broke"),)),
            Nature(name="paid", median=1.0),
        ),
        load=steady(3.0),
        minutes=45,
    ),
    # A third of the callers has no time for an answer.
    "hasty": Scenario(
        natures=(Nature(name="well", median=2.0), Nature(name="spare", median=3.0)),
        load=steady(6.0),
        minutes=15,
        patience=lambda dice: dice.choice((0.05, 60.0, 60.0)),
    ),
    # Three instances of one provider: one is fast, one is small, one has a bad quarter of an hour.
    "siblings": Scenario(
        natures=(
            Nature(name="pool/fast", median=0.8, slots=20),
            Nature(name="pool/small", median=1.0, slots=4),
            Nature(name="pool/moody", median=1.0, slots=20, spells=(Spell(begins=300, ends=900, illness="slow"),)),
        ),
        load=steady(12.0),
        minutes=20,
    ),
    # The machine sleeps for eight hours, and its wall clock is set twice.
    "jumping clocks": Scenario(
        natures=(
            Nature(name="fast", median=0.6, spells=_every(400, 60, "errors", HOUR)),
            Nature(name="steady", median=1.2),
        ),
        load=steady(5.0),
        minutes=540,
        jumps=(Jump(at=200, wall=-86_400.0), Jump(at=430, wall=90_000.0), Jump(at=900, monotonic=8 * HOUR)),
    ),
    # Ten thousand at once, and the favourite is dead.
    "stampede": Scenario(
        natures=(
            Nature(name="dead", median=1.0, spells=(Spell(begins=0, ends=HOUR, illness="down"),)),
            Nature(name="heir", median=1.0, slots=200, settings={"max_concurrency": 200, "max_queue": 10_000}),
        ),
        load=lambda now: 100_000.0 if now < 0.1 else 0.01,
        minutes=4,
        patience=lambda _dice: 240.0,
    ),
}
