"""All that a decision is made of, beside the request: the settings, and the last word heard of everything that changes."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from ...messages.catalogue import MemoryChanged
from ...messages.credentials import StageChanged
from ...messages.load import Load
from ...messages.prices import PriceBook
from ...messages.routing import HealthChanged
from .policy import Policy
from .roster import Roster

_NOBODY: Final[Mapping[str, HealthChanged]] = MappingProxyType({})
_IDLE: Final[Mapping[str, Load]] = MappingProxyType({})


def the_first(_count: int) -> int:
    """Draw nothing but the first."""
    return 0


@attrs.frozen
class Moment:
    """Now, on both clocks.

    Attributes:
        monotonic: For what lasts: circuits and throttles.
        wall: Unix seconds, for schedules.
    """

    monotonic: float
    wall: float


@attrs.frozen(kw_only=True)
class Board:
    """A snapshot of everything that is known.

    Attributes:
        roster: The instances and their models, and what the settings say.
        health: The last word on each instance; one that was never mentioned is well.
        memory: The last word on this machine's memory.
        prices: What models cost.
        probed: Half-open instances whose probe is out.
        loads: How busy instances are; one that is not there is idle.
        draw: draw(n) returns a random number from 0 to n - 1; the default draws nothing but the first, so that the same is decided every time.
        unready: Instances that nothing may be sent to, for want of a credential that works.
    """

    roster: Roster
    health: Mapping[str, HealthChanged] = _NOBODY
    memory: MemoryChanged = MemoryChanged(available_mb=None)
    prices: PriceBook = attrs.field(factory=lambda: PriceBook({}, {}))
    probed: Container[str] = frozenset()
    loads: Mapping[str, Load] = _IDLE
    draw: Callable[[int], int] = the_first
    unready: Mapping[str, StageChanged] = MappingProxyType({})

    @property
    def policy(self) -> Policy:
        """What the settings say."""
        return self.roster.policy
