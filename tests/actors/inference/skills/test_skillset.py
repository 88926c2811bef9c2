"""Which skills a request calls for, and which follow them."""

from __future__ import annotations

import pytest
from legion_llm.actors.inference.skills.skillset import Skillset, skillset_of
from legion_llm.messages.caller import Caller
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.errors import InvalidSkill
from legion_llm.messages.settings import SkillsSettings
from legion_llm.messages.skills import SkillPlan


def skill(name, **fields):
    return SkillPlan(name=name, namespace="t", text="do it", **fields)


def called_for(*skills, said=("hi",), settings=SkillsSettings(), **fields):  # noqa: B008 - frozen
    messages = tuple(ChatMessage(content=text) for text in said)
    return [each.name for each in Skillset(skills, settings).called_for(Request(messages=messages, **fields))]


def test_a_word_of_the_users_calls_for_a_skill_whatever_its_case():
    assert called_for(skill("a", trigger_words=("Release",)), said=["please RELEASE it"]) == ["a"]


def test_a_word_within_another_calls_for_nothing():
    assert called_for(skill("a", trigger_words=("lease",)), said=["please release it"]) == []


def test_a_phrase_calls_for_a_skill_where_its_words_stand_together():
    notes = skill("a", trigger_words=("release notes",))

    assert called_for(notes, said=["write release notes"]) == ["a"]
    assert called_for(notes, said=["notes on the release"]) == []


def test_words_further_back_than_two_messages_call_for_nothing():
    release = skill("a", trigger_words=("release",))

    assert called_for(release, said=["release", "two"]) == ["a"]
    assert called_for(release, said=["release", "two", "three"]) == []


def test_what_more_words_call_for_comes_first_then_what_files_then_what_conditions_call_for():
    found = called_for(
        skill("auto", trigger="auto"),
        skill("files", file_change_triggers=("src/*.py",)),
        skill("one", trigger_words=("deploy",)),
        skill("two", trigger_words=("deploy", "production")),
        said=["deploy to production"],
        metadata={"changed_files": ["README.md", "src/x.py"]},
    )

    assert found == ["two", "one", "files", "auto"]


@pytest.mark.parametrize("files", [None, "src/x.py", ["README.md"]])
def test_other_files_call_for_nothing(files):
    assert called_for(skill("a", file_change_triggers=("src/*.py",)), metadata={"changed_files": files}) == []


@pytest.mark.parametrize(
    ("condition", "is_fulfilled"),
    [
        ({}, True),
        ({"metadata": {"team": "ops"}}, True),
        ({"metadata": {"team": "dev"}}, False),
        ({"metadata": {"team": ["dev", "ops"]}}, True),
        ({"caller": {"type": "human"}}, True),
        ({"caller": {"type": "service"}}, False),
        ({"model": None, "metadata": {"team": "ops"}}, True),
        ({"nothing": "such"}, False),
        ({"model": {"name": "m"}}, False),
    ],
)
def test_a_condition_is_fulfilled_in_each_of_its_fields(condition, is_fulfilled):
    found = called_for(
        skill("a", trigger="auto", condition=condition), metadata={"team": "ops"}, caller=Caller(type="human")
    )

    assert bool(found) is is_fulfilled


def test_switches_decide_what_is_run():
    word, auto = skill("word", trigger_words=("hi",)), skill("auto", trigger="auto")

    assert called_for(word, auto, settings=SkillsSettings(auto_inject=False)) == ["word"]
    assert called_for(word, auto, settings=SkillsSettings(on_demand=False)) == ["auto"]
    assert called_for(word, auto, settings=SkillsSettings(enabled_skills=("t:auto",))) == ["auto"]
    assert called_for(word, auto, settings=SkillsSettings(disabled_skills=("t:auto",))) == ["word"]
    assert skillset_of([word, auto], SkillsSettings(enabled=False)) is None


def test_skills_follow_each_other():
    skills = Skillset([skill("a"), skill("b", follows="t:a"), skill("c", follows="t:b")])

    assert skills.chain_after("t:a").name == "b"
    assert skills.chain_after("t:b").name == "c"
    assert skills.chain_after("t:c") is None


@pytest.mark.parametrize("ring", [{"a": "t:a"}, {"a": "t:b", "b": "t:a"}, {"a": "t:b", "b": "t:c", "c": "t:b"}])
def test_a_ring_is_refused(ring):
    with pytest.raises(InvalidSkill, match="in a ring: t:"):
        Skillset([skill(name, follows=before) for name, before in ring.items()])


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": ""}, "the name of a skill has"),
        ({"name": 7}, "the name of a skill has"),
        ({"namespace": "a b"}, "the namespace of a skill has"),
        ({"trigger": "always"}, "trigger must be on_demand or auto, got 'always'"),
        ({"follows": ["t:b"]}, "follows must be the key of a skill"),
        ({"timeout": 0}, "timeout must be above 0 s, got 0"),
        ({"timeout": "1"}, "timeout must be above 0 s, got '1'"),
        ({"text": None}, "either steps, or a text"),
        ({"steps": ("a",)}, "either steps, or a text"),
    ],
)
def test_a_skill_that_is_defined_wrongly_is_refused(fields, fault):
    with pytest.raises(InvalidSkill, match=fault):
        SkillPlan(**{"name": "a", "namespace": "t", "text": "x", **fields})
