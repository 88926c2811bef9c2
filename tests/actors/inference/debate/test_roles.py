from __future__ import annotations

import pytest
from legion_llm.actors.inference.debate.roles import Roles, roles_of, rounds_of, target_name
from legion_llm.messages.debate import DebateTerms
from legion_llm.messages.settings import DebateSettings


def test_the_answers_model_defends_it_and_others_criticise_and_judge():
    assert roles_of(DebateSettings(), ["a/m", "a/m", "b/m", "c/m", "d/m"]) == Roles("a/m", "b/m", "c/m")


def test_with_two_models_the_advocates_judges():
    assert roles_of(DebateSettings(), ["a/m", "b/m"]) == Roles("a/m", "b/m", "a/m")


def test_whom_the_settings_name_speaks_and_nobody_twice_without_need():
    settings = DebateSettings(challenger_model="openai:gpt-4o", judge_model="a/m")

    assert roles_of(settings, ["a/m", "b/m"]) == Roles("b/m", "openai/gpt-4o", "a/m")


@pytest.mark.parametrize("settings", [DebateSettings(), DebateSettings(challenger_model="a/m")])
def test_one_model_is_no_debate(settings):
    assert roles_of(settings, ["a/m"]) is None


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("ollama:llama3:8b", "ollama/llama3:8b"),
        ("ollama/llama3:8b", "ollama/llama3:8b"),
        ("openai:gpt-4o", "openai/gpt-4o"),
    ],
)
def test_a_model_is_named_with_its_provider_before_a_colon_or_a_slash(written, target):
    assert target_name(written) == target


@pytest.mark.parametrize(("wanted", "held"), [(None, 2), (-1, 1), (0, 1), (2, 2), (9, 3)])
def test_at_least_one_round_is_held_and_no_more_than_the_settings_allow(wanted, held):
    assert rounds_of(DebateTerms(rounds=wanted), DebateSettings(default_rounds=2)) == held
