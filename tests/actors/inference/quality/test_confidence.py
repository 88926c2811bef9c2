from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.quality.check import Checked, check
from legion_llm.actors.inference.quality.confidence import PENALTIES, band_of, bands_over, hedges, score
from legion_llm.messages.chat import ChatMessage, Response
from legion_llm.messages.content import ToolUseBlock
from legion_llm.messages.errors import InvalidRequestError
from legion_llm.messages.quality import BANDS, Quality
from legion_llm.messages.settings import BandSettings

BAND = BandSettings()
FINE = Checked()


def answer(text="It is so.", **fields):
    return Response(message=ChatMessage(role="assistant", content=text), **fields)


def scored(text="It is so.", checked=FINE, *, logprobs=(), **terms):
    return score(answer(text, logprobs=logprobs), checked, bands=BAND, **terms)


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (0.0, "very_low"),
        (0.29, "very_low"),
        (0.3, "low"),
        (0.5, "medium"),
        (0.69, "medium"),
        (0.7, "high"),
        (0.9, "very_high"),
        (1.0, "very_high"),
    ],
)
def test_a_band_begins_where_the_settings_say(value, band):
    assert band_of(value, BAND) == band


def test_an_answer_without_a_fault_is_trusted():
    assert scored() == Quality(score=1.0, band="very_high", source="heuristic")


@pytest.mark.parametrize(
    ("failures", "value"),
    [
        (("refusal",), 0.2),
        (("empty_response",), 0.0),
        (("truncated",), 0.6),
        (("repetition",), 0.5),
        (("json_parse_failure",), 0.4),
        (("too_short",), 0.7),
        (("too_short", "truncated"), 0.3),
        (("refusal", "truncated"), 0.0),
        (("custom_check_failed",), 1.0),
    ],
)
def test_every_finding_takes_its_part_off(failures, value):
    quality = scored(checked=Checked(failures=failures))

    assert quality.score == value
    assert quality.signals == {name: PENALTIES[name] for name in failures if name in PENALTIES}


@pytest.mark.parametrize(("count", "value"), [(0, 1.0), (1, 0.95), (3, 0.85), (6, 0.7), (50, 0.7)])
def test_doubt_takes_a_little_off_and_not_more_than_three_tenths(count, value):
    assert scored("maybe " * count + "so.").score == value


def test_doubt_can_be_left_out():
    assert scored("maybe", hedging=False).score == 1.0


@pytest.mark.parametrize("text", ["I think so", "It SEEMS right", "not sure", "could be", "unclear"])
def test_doubt_is_told_by_its_words(text):
    assert hedges(text) == 1


@pytest.mark.parametrize("text", ["I am sure", "thinking", "unthinkable", "guesswork"])
def test_words_that_only_look_like_doubt_are_none(text):
    assert hedges(text) == 0


def test_json_where_it_was_expected_makes_up_for_a_little():
    checked = Checked(json_valid=True)

    assert scored("maybe maybe maybe", checked).score == 0.95
    assert scored("so", checked).score == 1.0


def test_log_probabilities_count_before_the_rules():
    quality = scored(checked=Checked(failures=("refusal",)), logprobs=(-0.1, -0.3))

    assert (quality.score, quality.source) == (round(math.exp(-0.2), 4), "logprobs")


def test_log_probabilities_have_a_floor():
    assert scored(logprobs=(-100.0,)).score == round(math.exp(-5), 4)


@pytest.mark.parametrize(("given_", "value"), [(0.42, 0.42), (7.0, 1.0), (-1.0, 0.0)])
def test_what_the_caller_says_counts_before_all(given_, value):
    quality = scored(checked=Checked(failures=("refusal",)), logprobs=(-0.1,), given=given_)

    assert (quality.score, quality.source, quality.signals) == (value, "caller_provided", {})


def test_a_turn_of_tool_calls_has_no_score():
    response = answer((ToolUseBlock(id="call_1", name="look", arguments="{}"),))

    assert score(response, FINE, bands=BAND, given=0.9) is None


def test_a_call_may_move_bands():
    moved = bands_over(BAND, {"high": 0.8})

    assert (band_of(0.75, BAND), band_of(0.75, moved)) == ("high", "medium")
    assert bands_over(BAND, {}) is BAND


@pytest.mark.parametrize("changes", [{"best": 0.5}, {"high": 0.1}, {"low": 7}, {"low": "x"}])
def test_bands_that_are_none_are_the_callers_mistake(changes):
    with pytest.raises(InvalidRequestError) as caught:
        bands_over(BAND, changes)

    assert caught.value.param == "confidence_bands"


def test_bands_are_ordered():
    quality = Quality(score=0.75, band="high", source="heuristic")

    assert [quality.at_least(band) for band in BANDS] == [True, True, True, True, False]


@given(st.text(max_size=300), st.booleans(), st.lists(st.floats(-1000, 0), max_size=20))
def test_every_score_lies_between_nought_and_one_and_is_the_same_twice(text, json_expected, logprobs):
    response = answer(text, logprobs=tuple(logprobs))
    checked = check(response, json_expected=json_expected)

    quality = score(response, checked, bands=BAND)

    assert 0 <= quality.score <= 1
    assert quality == score(response, checked, bands=BAND)
