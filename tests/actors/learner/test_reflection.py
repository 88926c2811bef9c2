from __future__ import annotations

import pytest
from legion_llm.actors.learner.reflection import reflect
from legion_llm.messages.learning import Learned


def read(text):
    return [(each.kind, each.content) for each in reflect(Learned(content=text))]


def test_what_an_answer_decides_states_and_makes_a_rule_of_is_read_out_of_it():
    text = "Hello. We decided to use SQLite. A test should always fail first. The harbour is located in the north."

    assert read(text) == [
        ("decision", "We decided to use SQLite."),
        ("pattern", "A test should always fail first."),
        ("fact", "The harbour is located in the north."),
    ]


def test_so_many_of_each_kind_are_read_and_no_more():
    text = "\n".join(
        [f"I recommend {number}." for number in range(5)]
        + [f"We never do {number}." for number in range(5)]
        + [f"It requires {number}." for number in range(5)]
    )

    kinds = [kind for kind, _ in read(text)]

    assert [kinds.count(kind) for kind in ("decision", "pattern", "fact")] == [2, 2, 3]


def test_a_long_sentence_is_cut():
    ((_, content),) = read("It requires " + "x" * 1000)

    assert len(content) == 500


def test_what_is_said_twice_is_read_once():
    assert len(read("- It requires tea.\n- It requires tea.\n")) == 1


def test_what_is_read_belongs_to_the_answer():
    (fact,) = reflect(
        Learned(content="It requires tea.", tags=("a",), request_id="req_1", conversation_id="c", caller="ada")
    )

    assert (fact.kind, fact.confidence, fact.tags, fact.request_id) == ("fact", 0.65, ("a",), "req_1")


@pytest.mark.parametrize("text", ["", "Hello, how are you?", "?" * 50_000, "always " * 20_000])
def test_a_text_of_any_kind_is_read_quickly(text):
    assert len(reflect(Learned(content=text))) <= 7
