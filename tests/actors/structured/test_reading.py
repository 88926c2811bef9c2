from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.structured.reading import corrected, read, unfenced
from legion_llm.messages.chat import ChatMessage, Request, Response, StopReason
from legion_llm.messages.content import TextBlock, ThinkingBlock

values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def reading_of(content, problem=None, **fields):
    return read(Response(message=ChatMessage(role="assistant", content=content), **fields), lambda _: problem)


@given(values)
def test_json_is_read_with_and_without_a_fence(value):
    text = json.dumps(value)

    for written in (
        text,
        f"\n{text} \n",
        f"```json\n{text}\n```",
        f"```\n{text}\n```",
        f"Here it is:\n````JSON\n{text}\n````\nDone.",
    ):
        assert reading_of(written).value == value


def test_a_fence_within_the_data_is_data():
    value = {"readme": "```sh\nmake\n```"}

    assert reading_of(f"````json\n{json.dumps(value)}\n````").value == value
    assert reading_of(json.dumps(value)).value == value


def test_reasoning_is_no_part_of_the_answer():
    assert reading_of((ThinkingBlock(text="{}"), TextBlock(text="[1]"))).value == [1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the answer is empty"),
        ("no", "it is not JSON"),
        ('{"a": 1', "it is not JSON"),
        ("```json\n{a}\n```", "Expecting property name"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_json_is_a_parse_fault(text, problem):
    reading = reading_of(text)

    assert reading.fault == "parse"
    assert problem in reading.problem


def test_an_answer_that_was_cut_says_so():
    reading = reading_of('{"a": "b', stop_reason=StopReason.MAX_TOKENS)

    assert reading.problem.startswith("the answer was cut at its limit of tokens")


def test_json_that_does_not_fit_is_a_schema_fault():
    reading = reading_of("1", problem="at $: 1 is not of type 'string'")

    assert (reading.fault, reading.problem) == ("schema", "at $: 1 is not of type 'string'")


def test_the_correction_keeps_the_conversation_and_quotes_answer_and_fault():
    request = Request(messages=(ChatMessage(content="question"),), conversation_id="c", idempotency_key="k", model="m")

    again = corrected(request, "oops", "at $.a: wrong", 1)

    assert [(message.role, message.text) for message in again.messages[:2]] == [
        ("user", "question"),
        ("assistant", "oops"),
    ]
    assert "at $.a: wrong" in again.messages[2].text
    assert (again.model, again.conversation_id, again.idempotency_key) == ("m", None, "k#1")
    assert again.id != request.id


def test_only_json_is_taken_out_of_a_fence():
    assert unfenced("```json\n[1]\n```") == "[1]"
    assert unfenced("```py\nprint(1)\n```") == "```py\nprint(1)\n```"
    assert unfenced("plain") == "plain"
