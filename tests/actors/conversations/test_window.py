from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.conversations.pairs import answers_of, calls_of
from legion_llm.actors.conversations.window import fitting, size_of
from talk import answers, assistant, calls, user

TALK = [user("a" * 400), assistant("b" * 400), user("c" * 400), calls("x"), answers("x", text="d" * 400), user("e")]


def test_what_fits_is_kept_whole_whoever_began():
    assert fitting(TALK, size_of(TALK)) == 0
    assert fitting(TALK[1:], size_of(TALK)) == 0


def test_the_newest_that_fit_are_kept_from_a_users_message_on():
    assert fitting(TALK, size_of(TALK) - 1) == 2


def test_a_call_and_its_answer_are_kept_together_or_not_at_all():
    assert fitting(TALK, size_of(TALK[4:])) == 5


def test_where_nothing_fits_nothing_is_kept():
    assert fitting(TALK, 0) == len(TALK)
    assert fitting([], 0) == 0


PIECES = st.sampled_from(
    [[user("q" * 40)], [assistant("a" * 40)], [calls("x"), answers("x")], [calls("y", "z"), answers("y"), answers("z")]]
)


@given(st.lists(PIECES, max_size=8), st.integers(0, 200))
def test_what_is_kept_fits_and_is_whole(pieces, tokens):
    talk = [message for piece in pieces for message in piece]

    kept = talk[fitting(talk, tokens) :]

    assert size_of(kept) <= tokens
    made = {each for message in kept for each in calls_of(message)}
    assert all(answers_of(message) <= made for message in kept)
