"""What a host's call says of where it shall go."""

from __future__ import annotations

import pytest
from legion_llm.adapters.host.route_request import route_request
from legion_llm.adapters.host_request import host_request
from legion_llm.messages.errors import InvalidRequestError
from legion_llm.messages.exclusion import Exclusion

ONE = Exclusion(provider="openai")


def request(**parameters):
    return host_request("hi", None, parameters)


@pytest.mark.parametrize(
    ("given", "intent"),
    [
        ({"cost": "minimize"}, {"cost": "minimize"}),
        ({"urgent": True, "batch": False, "level": 3}, {"urgent": "true", "batch": "false", "level": "3"}),
        ({}, {}),
        (None, {}),
    ],
)
def test_an_intent_is_words_flags_and_numbers_as_rules_write_them(given, intent):
    assert request(intent=given).intent == intent


@pytest.mark.parametrize(
    ("given", "exclusions"),
    [
        ([{"provider": "openai"}], (ONE,)),
        ({"provider": "openai"}, (ONE,)),
        (ONE, (ONE,)),
        ((ONE, {"model": "m", "tier": "cloud"}), (ONE, Exclusion(model="m", tier="cloud"))),
        ([], ()),
    ],
)
def test_exclusions_are_one_or_several(given, exclusions):
    assert request(exclude=given).exclude == exclusions


def test_affinity_and_compression_are_taken_as_they_are():
    asked = request(affinity="session-1", compress_level=2)

    assert (asked.affinity, asked.compress_level) == ("session-1", 2)


@pytest.mark.parametrize(
    ("parameters", "param", "words"),
    [
        ({"intent": "cheap"}, "intent", "must be a mapping"),
        ({"intent": {"cost": None}}, "intent.cost", "must be a word, not NoneType"),
        ({"intent": {"cost": ["low"]}}, "intent.cost", "must be a word, not list"),
        ({"intent": {3: "low"}}, "intent", "3 is no name"),
        ({"exclude": "openai"}, "exclude", "must be a list of mappings"),
        ({"exclude": 3}, "exclude", "must be a list of mappings"),
        ({"exclude": [{}]}, "exclude.0", "must be a mapping"),
        ({"exclude": [ONE, "openai"]}, "exclude.1", "must be a mapping"),
        ({"exclude": [{"provider": None}]}, "exclude.0.provider", "must be a name"),
        ({"exclude": [{3: "x", "model": "m"}]}, "exclude.0", "known are provider, model, tier"),
        ({"exclude": [{"povider": "openai"}]}, "exclude.0", "known are provider, model, tier"),
        ({"affinity": ""}, "affinity", "must be text"),
        ({"affinity": 3}, "affinity", "must be text"),
        ({"compress_level": 4}, "compress_level", "must be 0 to 3"),
        ({"compress_level": True}, "compress_level", "must be 0 to 3"),
    ],
)
def test_what_steers_nowhere_is_refused(parameters, param, words):
    with pytest.raises(InvalidRequestError, match=words) as caught:
        request(**parameters)

    assert caught.value.param == param


# -- what the router is asked to explain


def route(message=None, *, needs=(), tokens=None, **parameters):
    return route_request(message, None, needs, tokens, parameters)


def test_a_route_can_be_explained_without_a_message():
    assert (route(model="m").model, route().is_attempted) == ("m", False)


def test_needs_and_tokens_may_be_stated():
    told = route("hi", needs=["vision", "tools"], tokens=9000).needs

    assert (told.capabilities, told.input_tokens) == (frozenset({"chat", "vision", "tools"}), 9000)


def test_without_them_the_request_shows_them():
    assert route("x" * 40_000, tools=[]).needs.input_tokens > 9000


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"needs": ["sight"]}, "needs"),
        ({"tokens": -1}, "tokens"),
        ({"tokens": 1.5}, "tokens"),
        ({"modle": "m"}, "modle"),
    ],
)
def test_what_makes_no_route_is_refused(parameters, param):
    with pytest.raises(InvalidRequestError) as caught:
        route(**parameters)

    assert caught.value.param == param
