from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.conversations.compress import HIGHEST, LEVELS, compress, compress_request
from legion_llm.messages.chat import Request
from legion_llm.messages.content import ImageBlock, TextBlock
from talk import answers, assistant, calls, user

NEGATIONS = {"not", "no", "never", "none", "nor", "neither", "without", "cannot", "n't", "nothing", "nobody"}


@pytest.mark.parametrize(
    ("level", "shorter"),
    [
        (-1, "The cat is just a cat however please note that it also sleeps"),
        (0, "The cat is just a cat however please note that it also sleeps"),
        (1, "cat is cat however please note that it also sleeps"),
        (2, "cat is cat please note that it also sleeps"),
        (3, "cat is cat it sleeps"),
        (9, "cat is cat it sleeps"),
    ],
)
def test_each_level_leaves_out_more(level, shorter):
    assert compress("The cat is just a cat however please note that it also sleeps", level) == shorter


def test_every_level_holds_the_words_of_the_one_below():
    assert all(set(lower) < set(higher) for lower, higher in itertools.pairwise(LEVELS))
    assert not NEGATIONS & set(LEVELS[HIGHEST])


@pytest.mark.parametrize(
    "text", ["However, we go", "the-end", "e.g. a/b", "just.", "(the)", "'a'", "theatre basically: no", "don't-the"]
)
def test_words_that_touch_punctuation_stay(text):
    assert compress(text, HIGHEST) == text


@pytest.mark.parametrize(
    "code",
    [
        "```py\nthe = a  + just\n```\n",
        "~~~\nthe a\n\n\n\nthe\n~~~\n",
        "````\n```\nthe a\n```\nthe a\n````\n",
        "```\nthe a just\nnever closed  at all",
        "   ```\nthe a\n```",
        "    the indented = a\n",
        "\tthe a\n",
        "`the a`",
        "``the ` a``",
    ],
)
def test_code_stays_as_it_is(code):
    assert compress(code, HIGHEST) == code
    assert compress(f"the words\n\n{code}", HIGHEST) == f"words\n\n{code}"


def test_prose_behind_code_is_shortened_again():
    assert compress("```\nthe\n```\nthe words `the` the words", 1) == "```\nthe\n```\nwords `the` words"


def test_a_backtick_that_is_never_closed_protects_nothing():
    assert compress("a ` the words\nthe words `", 1) == "` words\nwords `"


def test_the_shape_of_lines_stays():
    assert compress("- the one\n  - the two\n\n\n\n| x   | y |", 1) == "- one\n  - two\n\n\n\n| x | y |"


def test_empty_lines_are_gathered_on_the_highest_level_alone():
    assert compress("x\n\n\n\n\ny", 2) == "x\n\n\n\n\ny"
    assert compress("x\n\n\n\n\ny", 3) == "x\n\ny"


@given(st.text(st.sampled_from("the a.`\n ,x~"), max_size=200), st.integers(0, 4))
def test_nothing_is_added_and_the_end_is_the_same_every_time(text, level):
    once = compress(text, level)

    assert len(once) <= len(text)
    assert once == compress(text, level)


@given(st.lists(st.sampled_from(["alpha", "beta", "never", "not", "gamma,"]), max_size=20), st.integers(1, 3))
def test_words_that_say_something_stay_in_order(words, level):
    text = " the ".join(words)

    assert re.findall(r"[a-z]+", compress(text, level)) == re.findall(r"[a-z]+", " ".join(words))


@pytest.mark.parametrize(
    "text",
    [
        "x" + "`" * 500_000,
        "the " * 200_000,
        " " * 500_000,
        "\n" * 500_000,
        "```\n" * 100_000,
        "".join("`" * n + " " for n in range(900)),
    ],
    ids=["ticks", "words", "blanks", "lines", "fences", "runs"],
)
def test_a_long_text_takes_no_longer_than_its_length(text):
    """Were it the square of its length, this would not end within the limit of any test."""
    assert len(compress(text, HIGHEST)) <= len(text)


def test_of_a_request_only_what_people_say_is_shortened():
    picture = ImageBlock(source="url", data="the")
    request = Request(
        system="the system",
        messages=(
            user("the words"),
            said(TextBlock(text="the block"), picture),
            assistant("the answer"),
            calls("a", arguments='{"the": "a thing"}'),
            answers("a", text="the result"),
        ),
    )

    shorter = compress_request(request, 1)

    assert shorter.system == "system"
    assert shorter.messages[0].text == "words"
    assert shorter.messages[1].content == (TextBlock(text="block"), picture)
    assert shorter.messages[2:] == request.messages[2:]
    assert compress_request(request, 0) is request


def said(*blocks):
    return user(tuple(blocks))
