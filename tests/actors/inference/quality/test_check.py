from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.quality.check import Checked, breaks_off, check, is_json, refuses, repeats_itself
from legion_llm.messages.chat import ChatMessage, Response, StopReason
from legion_llm.messages.content import OpaqueBlock, TextBlock, ThinkingBlock, ToolUseBlock
from legion_llm.messages.settings import QualitySettings

GOOD = "Water boils at 100 degrees Celsius at sea level, and earlier the higher one climbs."
CALL = ToolUseBlock(id="call_1", name="look", arguments="{}")


def answer(*content, **fields):
    whole = content[0] if len(content) == 1 and isinstance(content[0], str) else content
    return Response(message=ChatMessage(role="assistant", content=whole), **fields)


def failures(*content, **terms):
    return check(answer(*content), **terms).failures


def test_a_plain_answer_passes():
    assert check(answer(GOOD)) == Checked()


# -- empty


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_and_blanks_are_empty_and_nothing_else(text):
    assert failures(text) == ("empty_response",)


@pytest.mark.parametrize(
    "content",
    [
        (CALL,),
        (TextBlock(text=" "), CALL),
        (ThinkingBlock(text="hm"),),
        (ThinkingBlock(encrypted="..."),),
        (OpaqueBlock(dialect="openai.chat", raw={"type": "image"}),),
    ],
)
def test_tool_calls_thoughts_and_pictures_are_not_empty(content):
    assert failures(*content) == ()


@pytest.mark.parametrize("content", [(ThinkingBlock(signature="..."),), (TextBlock(text=""),)])
def test_blocks_that_say_nothing_are_empty(content):
    assert failures(*content) == ("empty_response",)


def test_a_turn_of_tool_calls_is_not_judged_by_its_text():
    assert failures(TextBlock(text="I cannot"), CALL, json_expected=True) == ()


# -- length


@pytest.mark.parametrize(("length", "found"), [(49, ("too_short",)), (50, ())])
def test_the_threshold_is_the_least_length(length, found):
    assert failures("y" * (length - 1) + ".", threshold=50) == found


def test_a_threshold_of_nought_is_met_by_everything():
    assert failures("4", threshold=0) == ()


# -- repetition


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("The cat sat, and so. " * 3, False),  # 21 signs: the pieces never fall together
        ("The cat sat, and so " * 3, True),
        ("The cat sat, and so " * 2, False),
        ("-" * 200, False),
        ("| " * 100, False),
        (GOOD, False),
    ],
)
def test_a_piece_that_comes_three_times_is_repetition(text, repeats):
    assert repeats_itself(text) == repeats


# -- truncation


@pytest.mark.parametrize(
    ("ending", "breaks"),
    [
        ("and then we wen", True),
        ("and then we went.", False),
        ("and then we went\n", False),
        ("and then we (went)", False),
        ("and then we went to a b", False),
        ("in the end the value was 123", True),
    ],
)
def test_a_long_text_that_ends_within_words_breaks_off(ending, breaks):
    assert breaks_off("x " * 50 + ending) == breaks


def test_a_short_text_may_end_as_it_likes():
    assert not breaks_off("Paris")


def test_what_a_stop_sequence_has_cut_is_not_truncated():
    text = f"{GOOD} It is so until the middle of a sen"

    assert check(answer(text), threshold=0).failures == ("truncated",)
    assert check(answer(text, stop_reason=StopReason.STOP_SEQUENCE), threshold=0).passed


# -- refusal


@pytest.mark.parametrize(
    "line",
    [
        "I cannot help with that.",
        "I can't do that",
        "I can\N{RIGHT SINGLE QUOTATION MARK}t do that",
        "I'm sorry, but I can't assist with that.",
        "Sorry, I am unable to open links.",
        "Unfortunately, I do not have access to your files.",
        "I don't have the ability to browse.",
        "As an AI language model, I have no feelings.",
        "Well, speaking as an AI I would say",
        "I lack access to that.",
        "I'm not able to answer.",
        "We are unable to comment",
    ],
)
def test_a_first_line_that_says_it_cannot_is_a_refusal(line):
    assert refuses(line)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "You cannot divide by zero.",
        "Here is the plan.\nI cannot go into details.",
        "I can help with that.",
        "I'm sorry to hear that. Here is what you can do.",
        "The error says that I cannot open the file, which means that its mode is wrong.",
        "Said as an aim",
    ],
)
def test_other_first_lines_are_none(text):
    assert not refuses(text)


def test_a_refusal_that_the_provider_states_is_one_whatever_the_words_are():
    assert check(answer(GOOD, stop_reason=StopReason.REFUSAL)).failures == ("refusal",)


# -- JSON


@pytest.mark.parametrize("text", ['{"a": 1}', " [1] ", "3", '```json\n{"a": 1}\n```', "```\n[]\n```"])
def test_json_is_json_in_a_fence_too(text):
    assert is_json(text)
    assert failures(text, json_expected=True) == ()


@pytest.mark.parametrize("text", ["{a: 1}", "Here it is: {}", "```json\n{\n```", "", "[" * 100_000, "```"])
def test_everything_else_is_not(text):
    assert not is_json(text)


def test_where_json_was_expected_prose_fails():
    assert failures(GOOD, json_expected=True) == ("json_parse_failure",)


def test_data_may_be_short_and_repeat_itself():
    rows = json.dumps([{"name": "a", "value": 10001}] * 50)

    assert failures("{}", json_expected=True) == failures(rows, json_expected=True) == ()


# -- settings


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("too_short", "Yes."),
        ("truncated", f"{GOOD} It is so until the middle of a sen"),
        ("refusal", "I cannot. " + GOOD),
    ],
)
def test_rules_can_be_switched_off(rule, text):
    assert failures(text) == (rule,)
    assert failures(text, rules=QualitySettings(**{rule: False})) == ()


# -- whatever comes


@given(st.text(max_size=500), st.booleans(), st.integers(0, 100))
def test_any_text_gets_the_same_verdict_twice(text, json_expected, threshold):
    first, second = (check(answer(text), threshold=threshold, json_expected=json_expected) for _ in range(2))

    assert first == second
    assert first.passed == (not first.failures)


@pytest.mark.parametrize(
    "hostile",
    ["I'm " * 250_000, "`" * 1_000_000, "sorry " * 170_000, "\n" * 1_000_000, "i can " * 170_000, "a" * 1_000_000],
)
def test_a_megabyte_of_anything_is_judged_in_one_go(hostile):
    assert isinstance(check(answer(hostile), json_expected=True).failures, tuple)
