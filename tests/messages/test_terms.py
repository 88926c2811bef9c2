"""What a caller asks of the gateway is looked at when it is said."""

from __future__ import annotations

import pytest
from legion_llm.messages.errors import InvalidRequestError
from legion_llm.messages.terms import Terms


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"max_cost": -1}, "max_cost must be a number of at least 0, got -1"),
        ({"max_input_tokens": "8"}, "max_input_tokens must be a number of at least 1, got '8'"),
        ({"skill": 7}, "skill must be the key of a skill, got 7"),
        ({"context_strategy": "some"}, "context_strategy must be full, compact or none, got 'some'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_name(fields, fault):
    with pytest.raises(InvalidRequestError, match=fault) as caught:
        Terms(**fields)

    assert [caught.value.param] == list(fields)


def test_nothing_said_is_left_to_the_settings():
    assert (Terms().skill, Terms().context_strategy, Terms().named_tools) == (None, None, ())
