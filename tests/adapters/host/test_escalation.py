from __future__ import annotations

import pytest
from legion_llm.adapters.host.escalation import bound_check
from legion_llm.adapters.host_request import host_request
from legion_llm.messages.chat import Escalation
from legion_llm.messages.errors import InvalidRequestError
from legion_llm.messages.quality import ConfidenceTerms


def asked(**parameters):
    return host_request("hi", None, parameters)


@pytest.mark.parametrize("parameters", [{}, {"escalate": None}, {"json_expected": False}, {"max_escalations": None}])
def test_who_says_nothing_leaves_it_to_the_settings(parameters):
    assert asked(**parameters).escalation is None


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"escalate": True}, Escalation(enabled=True)),
        ({"escalate": False}, Escalation(enabled=False)),
        ({"max_escalations": 2}, Escalation(max_attempts=3)),
        ({"max_escalations": 0}, Escalation(max_attempts=1)),
        ({"quality_threshold": 0}, Escalation(quality_threshold=0)),
        ({"json_expected": True}, Escalation(json_expected=True)),
    ],
)
def test_the_arguments_are_carried_by_the_request(parameters, expected):
    assert asked(**parameters).escalation == expected


def test_what_is_known_of_the_score_is_carried_by_the_request():
    request = asked(confidence_score=0.4, confidence_bands={"high": 0.8})

    assert request.confidence == ConfidenceTerms(score=0.4, bands={"high": 0.8})
    assert asked().confidence is None


@pytest.mark.parametrize("value", [True, False, None])
def test_a_request_may_have_its_stream_rescued_or_not(value):
    assert asked(rescue=value).rescue is value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("escalate", "yes"),
        ("escalate", 1),
        ("max_escalations", -1),
        ("max_escalations", 1.5),
        ("max_escalations", True),
        ("quality_threshold", -1),
        ("quality_threshold", "50"),
        ("json_expected", "yes"),
        ("confidence_score", 1.1),
        ("confidence_score", "high"),
        ("confidence_bands", [0.5]),
        ("confidence_bands", {"high": "x"}),
        ("rescue", "please"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(name, value):
    with pytest.raises(InvalidRequestError, match=name) as caught:
        asked(**{name: value})

    assert caught.value.param == name


def test_a_check_that_cannot_be_called_is_refused():
    with pytest.raises(InvalidRequestError, match="must be a function of the response, not str") as caught:
        bound_check("no", functions=None)

    assert caught.value.param == "quality_check"


def test_no_check_is_none():
    assert bound_check(None, functions=None) is None
