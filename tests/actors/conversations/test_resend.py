"""What a client sends again is told from what is new."""

from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.conversations.resend import continuation
from legion_llm.messages.chat import ChatMessage
from legion_llm.messages.content import ImageBlock, TextBlock, ThinkingBlock
from talk import answers, assistant, calls, system, user

HISTORY = [user("one"), assistant("1"), user("two"), assistant("2")]


def told(history, messages, *, is_whole=True):
    found = continuation(history, messages, is_whole=is_whole)
    return found.new_from, found.is_resent, found.after


def test_a_new_message_alone_is_new():
    assert told(HISTORY, [user("three")]) == (0, False, 3)


def test_the_first_message_of_all_is_new():
    assert told([], [system(), user("one")]) == (1, False, -1)


def test_all_that_was_said_sent_again_is_not_new():
    assert told(HISTORY, [*HISTORY, user("three")]) == (4, True, 3)


def test_instructions_are_neither_new_nor_old():
    assert told(HISTORY, [system(), *HISTORY, user("three")]) == (5, True, 3)
    assert told(HISTORY, [system(), user("three")]) == (1, False, 3)


def test_the_last_messages_sent_again_are_not_new():
    assert told(HISTORY, [*HISTORY[2:], user("three")]) == (2, True, 3)
    assert told(HISTORY, [HISTORY[-1], user("three")]) == (1, True, 3)


def test_more_than_is_at_hand_sent_again_is_not_new():
    assert told(HISTORY[2:], [*HISTORY, user("three")], is_whole=False) == (4, True, 1)


def test_somebody_may_say_the_same_thing_twice():
    assert told([user("hello"), assistant("hi")], [user("hello")]) == (0, False, 1)


def test_an_answer_that_is_asked_for_again_follows_the_same_question():
    assert told(HISTORY, HISTORY[:3]) == (3, True, 2)


def test_a_question_that_is_asked_in_other_words_follows_what_was_before_it():
    assert told(HISTORY, [*HISTORY[:2], user("other")]) == (2, True, 1)


def test_of_a_history_that_nobody_remembers_what_follows_its_last_answer_is_new():
    strange = [user("x"), assistant("y"), user("z")]

    assert told(HISTORY, strange) == (2, True, 3)
    assert told(HISTORY[2:], strange, is_whole=False) == (2, True, 1)


def test_what_tools_answer_is_new():
    history = [user("go"), calls("a", "b")]

    assert told(history, [answers("a"), answers("b")]) == (0, False, 1)
    assert told(history, [*history, answers("a"), answers("b")]) == (2, True, 1)


@pytest.mark.parametrize(
    "loss",
    [
        lambda message: attrs.evolve(message, content=(TextBlock(text=message.text),)),
        lambda message: attrs.evolve(message, content=message.text + "\n"),
        lambda message: attrs.evolve(message, content=(ThinkingBlock(text="hm"), TextBlock(text=message.text))),
        lambda message: attrs.evolve(message, extra={"x": 1}),
        lambda message: attrs.evolve(
            message, content=(TextBlock(text=message.text, cache_control={"type": "ephemeral"}),)
        ),
    ],
)
def test_what_many_clients_lose_or_add_makes_no_message_new(loss):
    assert told(HISTORY, [*map(loss, HISTORY), user("three")]) == (4, True, 3)


@pytest.mark.parametrize(
    "other",
    [
        user("2"),
        assistant("other"),
        calls("c", text="2"),
        ChatMessage(role="assistant", content=(TextBlock(text="2"), ImageBlock(source="url", data="x"))),
    ],
)
def test_another_answer_is_another_answer(other):
    assert told(HISTORY, [*HISTORY[:3], other, user("three")])[2] == 2


def test_many_equal_messages_are_told_apart_by_their_number():
    history = [user("ok"), assistant("ok")] * 3

    assert told(history, [*history, user("ok")]) == (6, True, 5)
