"""Skills in the whole house: from classes and files, by words and by name, over turns."""

from __future__ import annotations

import contextlib

import legion_llm
import pytest
from legion_llm import Host, InvalidSkill, NotFoundError, Skill, StepResult
from talking import TalkingModel

PATIENCE = 10.0


class Deploy(Skill):
    name = "deploy"
    trigger_words = ("deploy",)
    steps = ("ask", "carry_out")

    def ask(self, context):
        return StepResult(inject="Ask whether to go on.", gate="the user says yes")

    async def carry_out(self, context):
        return f"The user said: {context.text}. Say that it is done."


class Broken(Skill):
    name = "broken"
    trigger_words = ("break",)
    steps = ("fail",)

    def fail(self, context):
        raise ValueError("no")


@pytest.fixture
def model():
    with TalkingModel() as server:
        server.will(("fine",))
        yield server


@pytest.fixture
def start(model, make_provider, tmp_path):
    with contextlib.ExitStack() as stack:

        def begin(*skills, **settings):
            given = {"providers": {"p": make_provider(model)}, "store": {"path": str(tmp_path / "s.db")}, **settings}
            return stack.enter_context(legion_llm.start(given, environ={}, host=Host(skills=skills)))

        yield begin


def said(model):
    """What the user said last, as the model was told it."""
    return str(model.asked[-1]["messages"][-1]["content"])


def test_a_skill_waits_at_its_gate_over_a_restart(start, model):
    with start(Deploy) as legion:
        first = legion.chat("deploy it", conversation_id="c").get(PATIENCE)
    assert first.enrichments["skill:run"][0]["gate"] == "the user says yes"
    assert "Ask whether to go on." in said(model)

    legion = start(Deploy)
    second = legion.chat("yes", conversation_id="c").get(PATIENCE)

    assert "The user said: yes. Say that it is done." in said(model)
    assert second.enrichments["skill:run"][0]["gate"] is None
    legion.chat("thanks", conversation_id="c").get(PATIENCE)
    assert "skill" not in said(model)


def test_a_cancelled_conversation_forgets_its_skill(start, model):
    legion = start(Deploy)
    legion.chat("deploy it", conversation_id="c").get(PATIENCE)

    legion.conversation("c").cancel().get(PATIENCE)
    legion.chat("yes", conversation_id="c").get(PATIENCE)
    legion.conversation("c").resume().get(PATIENCE)
    legion.chat("yes", conversation_id="c").get(PATIENCE)

    assert "skill" not in said(model)


def test_a_skill_that_fails_is_a_warning_and_the_request_is_answered(start, model):
    response = start(Broken).chat("break it").get(PATIENCE)

    assert response.text == "fine"
    assert response.warnings == (
        "step skill_injector was left out: step 'fail' of skill 'host:broken' failed: ValueError: no",
    )


def test_skills_in_files_are_there_from_the_start_and_what_is_wrong_with_one_is_noted(start, model, tmp_path):
    folder = tmp_path / "skills"
    folder.mkdir()
    (folder / "haiku.md").write_text("---\nname: haiku\ntrigger_words: poem\n---\nWrite three lines.", encoding="utf-8")
    (folder / "bad.md").write_text("Write.", encoding="utf-8")

    legion = start(skills={"directories": [str(folder)]})
    legion.chat("a poem please").get(PATIENCE)

    assert legion.skills.names == ("disk:haiku",)
    assert "Write three lines." in said(model)
    assert any("bad.md is left out: it does not begin with front matter" in note for note in legion.notes)


def test_skills_come_and_go_while_it_runs(start, model, tmp_path):
    file = tmp_path / "haiku.md"
    file.write_text("---\nname: haiku\nfollows: host:x\n---\nWrite three lines.", encoding="utf-8")
    legion = start()

    legion.skills.add(file, Deploy())
    legion.chat("hi", skill="disk:haiku").get(PATIENCE)

    assert "Write three lines." in said(model)
    assert legion.skills.find("host:deploy").steps == ("ask", "carry_out")
    assert [each.key for each in legion.skills.by_trigger("on_demand")] == ["disk:haiku", "host:deploy"]
    assert [each.key for each in legion.skills.chain_after("host:x")] == ["disk:haiku"]
    legion.skills.remove("disk:haiku")
    assert legion.chat("hi", skill="disk:haiku").get(PATIENCE).warnings == ("there is no skill 'disk:haiku' to run",)


def test_what_is_no_skill_is_refused(start):
    class Needy(Deploy):
        def __init__(self, database):
            pass

    class Stepless(Skill):
        name = "x"

    class Missing(Skill):
        name = "x"
        steps = ("nowhere",)

    class Ring(Deploy):
        follows = "host:deploy"

    legion = start()
    for skill, fault in (
        (print, "derive a class from legion_llm.Skill"),
        (Needy, "Needy cannot be made without arguments"),
        (Stepless, "either steps, or a text"),
        (Missing, "step 'nowhere' is no method of Missing"),
        (Ring, "in a ring"),
    ):
        with pytest.raises(InvalidSkill, match=fault):
            legion.skills.add(skill)
    assert legion.skills.names == ()
    with pytest.raises(NotFoundError, match="no skill 'x'"):
        legion.skills.remove("x")


def test_a_step_must_return_something_that_can_be_told(start):
    class Wrong(Broken):
        def fail(self, context):
            return 7

    response = start(Wrong).chat("break it").get(PATIENCE)

    assert "must return text, None or a StepResult, not int" in response.warnings[0]
