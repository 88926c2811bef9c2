"""How much is looked up, and how it is told."""

from __future__ import annotations

import pytest
from legion_llm.actors.inference.knowledge.measure import fitting, is_trivial, limit_for, strategy_for, told
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.knowledge import Knowledge
from legion_llm.messages.settings import RagSettings

SETTINGS = RagSettings()
QUESTION = "when does the harbour open"


@pytest.mark.parametrize(
    ("utilization", "strategy"),
    [(0.0, "full"), (0.69, "full"), (0.7, "compact"), (0.89, "compact"), (0.9, "none"), (2.0, "none")],
)
def test_the_fuller_the_prompt_the_less_is_looked_up(utilization, strategy):
    assert strategy_for(None, QUESTION, utilization, SETTINGS) == strategy


@pytest.mark.parametrize("wanted", ["full", "compact", "none"])
def test_what_the_caller_wants_counts_first(wanted):
    assert strategy_for(wanted, "hi", 2.0, SETTINGS) == wanted


@pytest.mark.parametrize("query", ["hi", "Hello!", " How are you? ", "ping", "supercalifragilist", "", "Good morning."])
def test_greetings_and_single_words_are_trivial(query):
    assert is_trivial(query, SETTINGS)
    assert strategy_for(None, query, 0.0, SETTINGS) == "none"


@pytest.mark.parametrize("query", [QUESTION, "hi there harbour", "supercalifragilisticexpialidocious"])
def test_questions_and_long_words_are_not(query):
    assert not is_trivial(query, SETTINGS)


def test_own_patterns_take_the_place_of_the_default_ones():
    settings = RagSettings(trivial_patterns=("guten tag",), trivial_max_chars=0)

    assert is_trivial("Guten Tag!", settings)
    assert not is_trivial("hello", settings)


@pytest.mark.parametrize(
    ("strategy", "most", "limit"),
    [("full", None, 10), ("compact", None, 5), ("none", None, 0), ("full", 3, 3), ("compact", 9, 5), ("full", -1, 0)],
)
def test_a_bound_of_somebody_elses_only_makes_it_less(strategy, most, limit):
    assert limit_for(strategy, most, SETTINGS) == limit


def test_each_text_is_told_once_if_it_fits_and_is_one():
    entries = [
        Knowledge(content="a", confidence=0.9),
        Knowledge(content="a", confidence=0.8),
        Knowledge(content=" "),
        Knowledge(content="b", confidence=0.4),
        Knowledge(content="c", confidence=0.5),
        Knowledge(content="d"),
    ]

    assert [entry.content for entry in fitting(entries, 2, 0.5)] == ["a", "c"]


def test_entries_are_told_with_what_they_are():
    assert told([Knowledge(content="a", content_type="fact"), Knowledge(content="b")]) == "[fact] a\n[text] b"


def test_thresholds_that_contradict_each_other_are_refused():
    with pytest.raises(SettingsError, match=r"must be at least utilization_compact_threshold \(0.7\), got 0.5"):
        RagSettings(utilization_skip_threshold=0.5)
