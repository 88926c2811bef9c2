"""What can be read out of an answer by the way it is worded: decisions, patterns and facts (spec, section 30)."""

from __future__ import annotations

import re
from typing import Final

import attrs

from ...messages.learning import Learned, LearnedKind

_LONGEST: Final = 500
# Longer answers are read up to here.
_READ: Final = 20_000


@attrs.frozen
class _Reading:
    kind: LearnedKind
    most: int
    confidence: float
    wording: re.Pattern[str]


_READINGS: Final = (
    _Reading(
        "decision",
        2,
        0.7,
        re.compile(
            r"\b(?:(?:I|we)(?:'ve| have)? (?:decided|chosen|chose|opted|settled|will use|will go with|recommend)"
            r"|the (?:best|right) (?:choice|option|approach) is|(?:my|our) (?:decision|recommendation) is)\b",
            re.IGNORECASE,
        ),
    ),
    _Reading(
        "pattern",
        2,
        0.6,
        re.compile(
            r"\b(?:always|never|usually|typically|whenever|as a rule|every time|in general|tends? to|best practice)\b",
            re.IGNORECASE,
        ),
    ),
    _Reading(
        "fact",
        3,
        0.65,
        re.compile(
            r"\b(?:is (?:located|defined|called|known|based|stored|caused)|was (?:founded|released|introduced|born)"
            r"|consists? of|contains?|requires?|defaults? to|equals?)\b",
            re.IGNORECASE,
        ),
    ),
)
# Sentences and lines; each end is found once, so that a long text takes no longer than its length.
_ENDS: Final = re.compile(r"(?<=[.!?])\s+|\n+")


def reflect(answer: Learned) -> tuple[Learned, ...]:
    """Return what is read out of an answer: at most 2 decisions, 2 patterns and 3 facts, each a sentence of at most 500 characters.

    A sentence counts once, as the first of these that its wording fits.
    """
    sentences = [text.strip(" \t-*#>") for text in _ENDS.split(answer.content[:_READ])]
    found: list[Learned] = []
    left = {reading.kind: reading.most for reading in _READINGS}
    for sentence in dict.fromkeys(sentences):
        reading = next((each for each in _READINGS if each.wording.search(sentence)), None)
        if reading is not None and left[reading.kind]:
            left[reading.kind] -= 1
            found.append(
                attrs.evolve(answer, content=sentence[:_LONGEST], kind=reading.kind, confidence=reading.confidence)
            )
    return tuple(found)
