from __future__ import annotations

import pytest
from legion_llm.adapters.host.embed_request import embed_request
from legion_llm.messages.errors import InvalidRequestError

NOTHING = {"model": None, "provider": None, "task": "document", "dimensions": None, "timeout": None}


def inputs(given):
    return embed_request(given, NOTHING).inputs


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        (("a",), ("a",)),
        ([["a", "b"], "c"], ("a\nb", "c")),
        ([[1, 2], [3]], ((1, 2), (3,))),
        ({"text": "a", "content": "b"}, ("a",)),
        ({"text": "", "content": "b"}, ("b",)),
        ([{"query": "a"}, {"summary": "b"}], ("a", "b")),
        ({"content": [{"text": "a"}, {"text": "b"}]}, ("a\nb",)),
        ({"title": "a", "year": 2026, "body": "b"}, ("a\nb",)),
    ],
)
def test_what_counts_as_text(given, expected):
    assert inputs(given) == expected


@pytest.mark.parametrize("given", [[], "", [""], [[]], {}, {"year": 1}, 5, None, [None], [b"a"], [[1, -1]], [object()]])
def test_what_has_no_text_is_refused(given):
    with pytest.raises(InvalidRequestError) as caught:
        inputs(given)

    assert caught.value.param.startswith("inputs")


@pytest.mark.parametrize(
    ("field", "value"),
    [("task", "poem"), ("dimensions", 0), ("dimensions", True), ("dimensions", 1.5), ("timeout", 0)],
)
def test_a_wrong_argument_is_named(field, value):
    with pytest.raises(InvalidRequestError) as caught:
        embed_request("a", {**NOTHING, field: value})

    assert caught.value.param == field
