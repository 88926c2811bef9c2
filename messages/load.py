"""How busy a provider instance is."""

from __future__ import annotations

from typing import NamedTuple


class Load(NamedTuple):
    """What a connection publishes of itself, anew with every change: a tuple, because it is made twice for every call.

    Attributes:
        in_flight: Calls in flight, and callers in line.
        seconds: Moving mean of how long an answer takes; 0.0 before the first.
    """

    in_flight: int
    seconds: float
