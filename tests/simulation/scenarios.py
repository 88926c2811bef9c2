"""What the simulated world goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
from world import Nature, Spell


@attrs.frozen(kw_only=True)
class Scenario:
    """A world and its weather.

    Attributes:
        natures: The providers, favourite first.
        load: Requests per second, by seconds since the start.
        minutes: Length.
        patience: Seconds that a caller waits.
    """

    natures: tuple[Nature, ...]
    load: Callable[[float], float]
    minutes: float
    patience: float = 60.0


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
        natures=(Nature(name="one", median=1.0, slots=10), Nature(name="two", median=1.0, slots=10)),
        load=lambda now: 55.0 if 120 <= now < 300 else 8.0,
        minutes=10,
        patience=30.0,
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
}
