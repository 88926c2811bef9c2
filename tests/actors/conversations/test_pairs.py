from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.conversations.pairs import answers_of, calls_of, end_of_turn, safe_starts, without_orphans
from talk import answers, assistant, calls, user

TALK = [user(), calls("a", "b"), answers("a"), answers("b"), assistant(), user()]


def test_a_conversation_may_begin_at_a_call_but_not_at_its_answer():
    assert list(safe_starts(TALK)) == [0, 1, 4, 5, 6]


def test_an_answer_that_comes_late_keeps_all_before_it_together():
    assert list(safe_starts([calls("a"), user(), answers("a"), user()])) == [0, 3, 4]


def test_an_answer_to_nobody_can_only_be_left_behind():
    assert list(safe_starts([answers("x"), user()])) == [1, 2]


def test_a_turn_ends_with_the_last_answer_to_its_calls():
    assert end_of_turn(TALK, 1) == 3
    assert end_of_turn(TALK, 0) == 0
    assert end_of_turn(TALK[:3], 1) == 2


def test_an_answer_to_nobody_is_left_out():
    assert without_orphans([answers("x"), user(), *TALK]) == (user(), *TALK)


BLOCKS = st.sampled_from([user(), assistant(), calls("a"), calls("b"), answers("a"), answers("b"), calls("a", "b")])


@given(st.lists(BLOCKS, max_size=15))
def test_no_cut_parts_a_call_from_its_answer(messages):
    for start in safe_starts(messages):
        made = {each for message in messages[:start] for each in calls_of(message)}
        kept = messages[start:]
        for number, message in enumerate(kept):
            here = {each for before in kept[:number] for each in calls_of(before)}
            assert not (answers_of(message) & made) - here
