"""Whom of several equals a request is sent to first.

Two are drawn, and the less busy of them goes first: what counts is how long a request would be in line there, so the calls in flight times the time
that one takes. With two draws that is nearly as good as looking for the least busy of all, and a crowd of requests does not follow it all at once to
the same one. The others come after it, the less busy first.

Requests with an affinity go to the same equal as long as it is there, whatever its load: each key has an order of its own of all of them
(rendezvous hashing), so that one that comes or goes moves its own keys alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import groupby
from typing import Final, TypeAlias

from ...messages.load import Load
from ...messages.settings.routing import Balance
from .candidate import Candidate

# Tells which neighbours are equals: those for which it returns the same; None for one that has no equals.
Peers: TypeAlias = Callable[[Candidate], Hashable]

# Seconds that an answer takes as long as nobody has been seen to give one.
_UNKNOWN: Final = 1.0

_IDLE: Final = Load(0, 0.0)


def _siblings(candidate: Candidate) -> Hashable:
    """Instances of one provider with the same model and the same points: the settings give providers an order, and their instances none."""
    if candidate.waits or candidate.probe:
        return None
    return candidate.group, candidate.score, candidate.instance.provider, candidate.target.model


def _equals(candidate: Candidate) -> Hashable:
    """Everybody with the same points."""
    return None if candidate.waits or candidate.probe else (candidate.group, candidate.score)


PEERS: Final[Mapping[Balance, Peers | None]] = {"siblings": _siblings, "equals": _equals, "off": None}


def balanced(
    candidates: Sequence[Candidate],
    *,
    peers: Peers,
    loads: Mapping[str, Load],
    affinity: str | None,
    draw: Callable[[int], int],
) -> list[Candidate]:
    """Return the candidates with those that are equal to each other in an order of our own.

    Args:
        candidates: In order of preference.
        peers: Tells which are equals.
        loads: How busy instances are; one that is not there is idle.
        affinity: Key of the request, or None.
        draw: draw(n) returns a random number from 0 to n - 1.
    """
    ordered: list[Candidate] = []
    for key, group in groupby(candidates, peers):
        equals = list(group)
        if key is None or len(equals) == 1:
            ordered += equals
        elif affinity is not None:
            ordered += sorted(equals, key=lambda each: _weight(affinity, each.target.instance), reverse=True)
        else:
            ordered += _by_load(equals, [loads.get(each.target.instance, _IDLE) for each in equals], draw)
    return ordered


def _by_load(equals: list[Candidate], loads: Sequence[Load], draw: Callable[[int], int]) -> list[Candidate]:
    known = [load.seconds for load in loads if load.seconds]
    # One that has answered nobody yet is taken for as fast as the fastest, so that it is tried, and not by everybody at once.
    usual = min(known, default=_UNKNOWN)
    costs = [(load.in_flight + 1) * (load.seconds or usual) for load in loads]
    one = draw(len(equals))
    other = draw(len(equals) - 1)
    other += other >= one
    first = one if costs[one] <= costs[other] else other
    rest = sorted((number for number in range(len(equals)) if number != first), key=costs.__getitem__)
    return [equals[number] for number in (first, *rest)]


def _weight(key: str, instance: str) -> bytes:
    # Not Python's own hash: it is another one in every process.
    return hashlib.blake2b(f"{key}\0{instance}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
