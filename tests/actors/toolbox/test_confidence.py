"""An override earns its trust slowly, loses it quickly, and has to earn it again after a month."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.toolbox.confidence import STALE_SECONDS, Course, after, course_of, fresh, hearsay, is_known

NEW = fresh("read", "my_read", 0.0)


def trusted(confidence):
    return attrs.evolve(NEW, confidence=confidence)


@pytest.mark.parametrize(
    ("confidence", "course"),
    [
        (0.0, Course.SERVER),
        (0.49, Course.SERVER),
        (0.5, Course.BOTH),
        (0.79, Course.BOTH),
        (0.8, Course.OVERRIDE),
        (1.0, Course.OVERRIDE),
    ],
)
def test_what_is_run_follows_from_the_confidence(confidence, course):
    assert course_of(trusted(confidence)) is course


def test_a_new_override_is_run_beside_the_servers_tool_and_alone_after_six_agreements():
    record, courses = NEW, []
    for _ in range(7):
        courses.append(course_of(record))
        record = after(record, 0.0, agreed=True)

    assert courses == [Course.BOTH] * 6 + [Course.OVERRIDE]
    assert (record.hits, record.misses, record.confidence) == (7, 0, 0.85)


def test_a_failure_costs_two_agreements():
    assert after(trusted(0.8), 5.0, agreed=False) == attrs.evolve(NEW, confidence=0.7, misses=1, updated_at=5.0)


@pytest.mark.parametrize(("confidence", "agreed", "bound"), [(0.98, True, 1.0), (0.05, False, 0.0)])
def test_confidence_stays_between_0_and_1(confidence, agreed, bound):
    assert after(trusted(confidence), 0.0, agreed=agreed).confidence == bound


def test_what_others_have_found_out_counts_for_less():
    assert hearsay(trusted(0.9)).confidence == 0.72


def test_a_record_holds_for_a_month_and_for_its_own_override():
    assert is_known(NEW, "my_read", STALE_SECONDS - 1)
    assert not is_known(NEW, "my_read", STALE_SECONDS)
    assert not is_known(NEW, "another", 0.0)
    assert not is_known(None, "my_read", 0.0)
