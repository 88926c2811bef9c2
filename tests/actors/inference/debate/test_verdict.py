from __future__ import annotations

import pytest
from legion_llm.actors.inference.debate.verdict import CRITIQUE, prompt, verdict_of


def test_what_was_said_stands_behind_the_instruction_braces_and_all():
    assert prompt(CRITIQUE, [("challenger", "{x} is wrong")]).endswith(
        "say nothing else.\n\n[challenger]\n{x} is wrong"
    )


@pytest.mark.parametrize(
    "words",
    [
        "## Evaluation\nBoth have a point.\n\n## Final answer\n42",
        "**Evaluation:** Both have a point.\n**Final Answer:** 42",
        "Evaluation: Both have a point.\nFinal answer: 42",
    ],
)
def test_the_judges_sections_are_found_however_the_headings_are_written(words):
    verdict = verdict_of(words)

    assert (verdict.evaluation, verdict.answer) == ("Both have a point.", "42")


def test_a_judge_that_writes_no_headings_has_written_the_answer():
    assert verdict_of(" 42 ").answer == "42"


@pytest.mark.parametrize(
    ("evaluation", "confidence"),
    [
        ("It is clearly right.", 0.85),
        ("It is right.", 0.65),
        ("It is not certain.", 0.4),
        ("Clearly inconclusive.", 0.4),
    ],
)
def test_confidence_follows_from_the_wording(evaluation, confidence):
    assert verdict_of(f"## Evaluation\n{evaluation}\n## Final answer\n42").confidence == confidence
