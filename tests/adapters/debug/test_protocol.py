"""What is said at the debug port."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.adapters.debug.protocol import answer, event_frames, parse_question, refusal
from legion_llm.messages.errors import InvalidRequestError, NotFoundError

MOST = 1000


def test_a_question_has_an_op_and_perhaps_args():
    question = parse_question(b'{"v": 1, "id": 7, "op": "actor", "args": {"path": "router"}}', MOST)

    assert (question.id, question.op, question.args) == (7, "actor", {"path": "router"})


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"tree",
        b"[]",
        b"{}",
        b'{"v": 2, "op": "tree"}',
        b'{"v": true, "op": "tree"}',
        b'{"v": 1}',
        b'{"v": 1, "op": 3}',
        b'{"v": 1, "op": "tree", "args": []}',
        b'{"v": 1, "op": "tree", "id": {}}',
        b'{"v": 1, "op": "tree", "id": "' + b"x" * 300 + b'"}',
        b"[" * 900,
        b" " * (MOST + 1),
    ],
)
def test_what_is_no_question_is_refused(frame):
    with pytest.raises(InvalidRequestError):
        parse_question(frame, MOST)


@given(st.binary(max_size=300))
def test_no_bytes_bring_it_down(frame):
    try:
        parse_question(frame, MOST)
    except InvalidRequestError:
        return


def test_answers_repeat_the_id():
    assert orjson.loads(answer(7, {"a": 1})) == {"v": 1, "id": 7, "data": {"a": 1}}
    assert orjson.loads(refusal("x", NotFoundError("no actor"))) == {
        "v": 1,
        "id": "x",
        "error": {"code": "not_found", "message": "no actor"},
    }


def test_a_value_of_our_own_is_shown_by_its_type_and_never_by_its_text():
    assert orjson.loads(answer(1, {"a": object()}))["data"] == {"a": "<object>"}


def test_an_event_is_a_topic_and_an_object():
    topic, data = event_frames("circuit.open", {"instance": "openai"})

    assert (topic, orjson.loads(data)["instance"]) == (b"circuit.open", "openai")
