"""What those who debate are told, and what the judge's words say."""

from __future__ import annotations

import re
from typing import Final

import attrs

CRITIQUE: Final = (
    "Criticise the answer above to my request: name what is wrong, missing or unfounded, and why. "
    "Be brief and say nothing else.{said}"
)
REBUTTAL: Final = "Defend the answer above against this critique; admit what it is right about, and say how the answer must change.{said}"
JUDGEMENT: Final = (
    "Judge the debate about the answer above. Write two sections, under these headings:\n"
    "## Evaluation\nWhich points hold, and how sure you are of it.\n"
    "## Final answer\nThe best answer to my request, complete in itself, without a word about the debate.{said}"
)

_FINAL: Final = re.compile(r"^[ \t#*]*final answer[ \t*]*:?[ \t*]*", re.IGNORECASE | re.MULTILINE)
_EVALUATION: Final = re.compile(r"\A[\s#*]*evaluation[ \t*]*:?[ \t*]*", re.IGNORECASE)
_DOUBT: Final = re.compile(
    r"\b(uncertain|unclear|unsure|not (?:sure|certain|confident)|inconclusive|low confidence|insufficient)\b",
    re.IGNORECASE,
)
_SURE: Final = re.compile(
    r"\b(clearly|certain|definitely|decisive(?:ly)?|strong(?:ly)?|high confidence|confident|undoubtedly)\b",
    re.IGNORECASE,
)
_LOW, _MIDDLE, _HIGH = 0.4, 0.65, 0.85


@attrs.frozen
class Verdict:
    """What the judge said.

    Attributes:
        evaluation: What of the debate holds; "" where nothing was said of it.
        answer: The final answer.
        confidence: 0.4, 0.65 or 0.85, by the wording of the evaluation.
    """

    evaluation: str
    answer: str
    confidence: float


def prompt(instruction: str, said: list[tuple[str, str]]) -> str:
    """Return the instruction with what was said before, as (role, text)."""
    return instruction.format(said="".join([f"\n\n[{role}]\n{text}" for role, text in said]))


def verdict_of(text: str) -> Verdict:
    """Read the judge's words; without headings all of them are the answer."""
    heading = _FINAL.search(text)
    if heading is None:
        return Verdict("", text.strip(), _MIDDLE)
    evaluation = _EVALUATION.sub("", text[: heading.start()]).strip()
    return Verdict(evaluation, text[heading.end() :].strip(), _confidence(evaluation))


def _confidence(evaluation: str) -> float:
    if _DOUBT.search(evaluation):
        return _LOW
    return _HIGH if _SURE.search(evaluation) else _MIDDLE
