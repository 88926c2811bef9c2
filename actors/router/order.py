"""In which order the candidates are tried."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...messages.explanation import Source
from .candidate import Candidate

# What a half-open circuit costs: the one request that may close it is not kept away by it.
PROBE: Final = 25.0

_PLAIN: Final = frozenset({Source.EXPLICIT, Source.DEFAULT})


def in_order(admitted: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates in the order in which they are tried, each target once.

    The lower group goes first, within it the higher score, of equals a probe, then whoever came first. Where nothing but names and defaults decides,
    a probe goes before everything: only an answer can close its circuit. A half-open instance whose probe is out goes last.
    """
    candidates = list(admitted)
    if len(candidates) > 1:
        is_plain = all(candidate.source in _PLAIN for candidate in candidates)
        candidates.sort(key=_plain_place if is_plain else _place)
    first: dict[tuple[str, str], Candidate] = {}
    for candidate in candidates:
        first.setdefault(candidate.key, candidate)
    return list(first.values())


def _place(candidate: Candidate) -> tuple[bool, int, float, bool]:
    return candidate.waits, candidate.group, -candidate.score, candidate.probe == 0.0


def _plain_place(candidate: Candidate) -> tuple[bool, bool, int, float]:
    return candidate.waits, candidate.probe == 0.0, candidate.group, -candidate.score
