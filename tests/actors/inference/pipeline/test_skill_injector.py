"""The step that runs skills: what the model is told, gates and what goes on behind them, chains, stops and failures."""

from __future__ import annotations

import attrs
import pytest
import trio
from legion_llm.actors.inference.pipeline.steps import skill_injector
from legion_llm.actors.inference.pipeline.steps.skill_injector import SKILL
from legion_llm.actors.inference.skills.skillset import skillset_of
from legion_llm.messages.chat import ChatMessage
from legion_llm.messages.content import ToolResultBlock
from legion_llm.messages.conversation import Context, Conversation
from legion_llm.messages.errors import HostError, NotFoundError, SkillStepError
from legion_llm.messages.settings import SkillsSettings
from legion_llm.messages.skills import SkillPlan, StepResult
from legion_llm.messages.terms import Terms

NOTES = SkillPlan(name="notes", namespace="t", trigger_words=("release",), text="write notes")
PLAN = SkillPlan(name="plan", namespace="t", trigger_words=("plan",), steps=("one", "two", "three"), timeout=5.0)
AFTER = SkillPlan(name="after", namespace="t", follows="t:plan", steps=("four",))


class Runner:
    """Runs steps: each says its name, or does what the test wants."""

    def __init__(self):
        self.does = {}
        self.contexts = []

    async def run(self, context):
        await trio.lowlevel.checkpoint()
        self.contexts.append(context)
        does = self.does.get(context.step, StepResult(inject=f"text of {context.step}"))
        if isinstance(does, Exception):
            raise does
        return await does() if callable(does) else does

    @property
    def ran(self):
        return [context.step for context in self.contexts]


class Memory:
    """Knows whether the conversation was cancelled meanwhile."""

    def __init__(self):
        self.answer = conversation()

    async def ask(self, message):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def conversation(**fields):
    return Conversation(id="c", created_at=0.0, updated_at=0.0, **fields)


@pytest.fixture
def runner():
    return Runner()


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def flow(flow_of, services, runner, memory):
    """A request of a conversation, in a system with these skills."""

    def build(text="plan it", *, state=None, cancelled_at=None, settings=SkillsSettings(), **fields):  # noqa: B008 - frozen
        made = flow_of(text, **{"conversation_id": "c", **fields})
        made.services = attrs.evolve(services, skill_runner=runner, skills=settings, conversations=memory)
        made.services.workshop.skills = skillset_of([NOTES, PLAN, AFTER], settings)
        made.past = Context(conversation=conversation(state=state or {}, cancelled_at=cancelled_at))
        return made

    return build


def told(flow):
    return "".join(block.text for block in flow.additions)


def events(flow):
    return [(event.key, event.detail) for event in flow.timeline.events]


def test_the_step_is_for_systems_and_requests_that_have_skills(flow_of, services):
    off = attrs.evolve(services, skills=SkillsSettings(enabled=False))

    assert skill_injector.offered(services)
    assert not skill_injector.offered(off)
    assert not skill_injector.wanted(flow_of())


def test_the_text_of_a_skill_goes_before_the_users_words(run, flow):
    made = flow("please release it")

    run(skill_injector.run, made)

    assert told(made) == "<skill>\nwrite notes\n</skill>\n\n"
    (shown,) = made.enrichments["skill:run"]
    assert shown["skill"] == "t:notes"
    assert events(made) == [("skill:started", "t:notes"), ("skill:completed", "t:notes")]
    assert [entry.detail for entry in made.audit] == ["t:notes"]


def test_nothing_is_run_that_nobody_calls_for(run, flow, runner):
    made = flow("hi")

    run(skill_injector.run, made)

    assert (runner.ran, made.additions, made.kept_state) == ([], [], {})


def test_steps_are_run_in_order_and_know_what_was_told_before(run, flow, runner):
    made = flow(metadata={"a": 1})

    run(skill_injector.run, made)

    assert runner.ran == ["one", "two", "three", "four"]
    third = runner.contexts[2]
    assert (third.skill, third.text, third.metadata) == ("t:plan", "plan it", {"a": 1})
    assert third.injected == ("text of one", "text of two")
    assert "text of one\n\ntext of two\n\ntext of three\n\ntext of four" in told(made)


def test_the_skill_that_follows_is_run_in_the_same_turn(run, flow):
    made = flow()

    run(skill_injector.run, made)

    assert ("skill:chained", "t:after") in events(made)
    assert [shown["skill"] for shown in made.enrichments["skill:run"]] == ["t:plan", "t:after"]


def test_at_a_gate_it_waits_for_the_conversations_next_turn(run, flow, runner):
    runner.does["two"] = StepResult(inject="text of two", gate="ask whether it is right", metadata={"n": 2})
    made = flow()

    run(skill_injector.run, made)

    assert runner.ran == ["one", "two"]
    kept = made.kept_state[SKILL]
    assert (kept["key"], kept["resume_at"], kept["gate"]) == ("t:plan", 2, "ask whether it is right")
    assert made.enrichments["skill:run"][0]["gate"] == "ask whether it is right"
    assert made.enrichments["skill:run"][0]["metadata"] == {"n": 2}
    assert ("skill:step_gated", "t:plan two") in events(made)


def test_a_skill_that_waits_goes_on_whatever_the_words_call_for(run, flow, runner):
    made = flow("yes, release", state={SKILL: {"key": "t:plan", "resume_at": 2}})

    run(skill_injector.run, made)

    assert runner.ran == ["three", "four"]
    assert "key" not in made.kept_state[SKILL]


def test_a_gate_in_a_chain_keeps_the_skill_that_follows(run, flow, runner):
    runner.does["four"] = StepResult(gate="wait")
    made = flow()

    run(skill_injector.run, made)

    assert (made.kept_state[SKILL]["key"], made.kept_state[SKILL]["resume_at"]) == ("t:after", 1)


def test_a_skill_that_waits_and_is_gone_is_forgotten(run, flow, runner):
    made = flow("hi", state={SKILL: {"key": "t:gone", "resume_at": 1}})

    run(skill_injector.run, made)

    assert made.kept_state == {SKILL: None}
    assert made.warnings == ["skill 't:gone' waited to go on, but it is not there any more"]


def test_without_a_conversation_a_gate_is_told_to_the_caller(run, flow, runner):
    runner.does["one"] = StepResult(gate="wait")
    made = flow(conversation_id=None)

    run(skill_injector.run, made)

    assert made.warnings == ["skill 't:plan' waits, but the request belongs to no conversation: it will begin anew"]


def test_the_answer_of_a_clients_tool_goes_on_with_the_turn_as_it_was_begun(run, flow, runner):
    made = flow(state={SKILL: {"text": "write notes"}})
    result = ChatMessage(role="tool", content=(ToolResultBlock(tool_use_id="c", content="seen"),))
    made.request = attrs.evolve(made.request, messages=(*made.request.messages, result))

    run(skill_injector.run, made)

    assert runner.ran == []
    assert "write notes" in told(made)
    assert made.kept_state == {}


def test_what_was_told_in_a_turn_is_forgotten_in_the_next(run, flow):
    made = flow("hi", state={SKILL: {"text": "write notes"}})

    run(skill_injector.run, made)

    assert made.kept_state == {SKILL: None}
    assert made.additions == []


def test_a_cancelled_conversation_runs_none_and_forgets_the_one_that_waits(run, flow, runner):
    made = flow(state={SKILL: {"key": "t:plan", "resume_at": 2}}, cancelled_at=1.0)

    run(skill_injector.run, made)

    assert runner.ran == []
    assert made.kept_state == {SKILL: None}


def test_a_cancel_while_it_runs_stops_it_quietly(run, flow, runner, memory):
    async def cancel():
        memory.answer = conversation(cancelled_at=1.0)
        return StepResult(inject="x")

    runner.does["two"] = cancel
    made = flow()

    run(skill_injector.run, made)

    assert runner.ran == ["one", "two"]
    assert made.additions == []
    assert made.enrichments["skill:run"][0]["stopped"]


def test_a_new_conversation_cannot_have_been_cancelled(run, flow, runner, memory):
    memory.answer = NotFoundError("no conversation")

    run(skill_injector.run, flow())

    assert runner.ran == ["one", "two", "three", "four"]


def test_a_step_that_fails_ends_the_skill_and_leaves_nothing_behind(run, flow, runner):
    runner.does["two"] = HostError("step 'two' of skill 't:plan' failed: ValueError: no")
    made = flow(state={SKILL: {"key": "t:plan", "resume_at": 0}})

    with pytest.raises(SkillStepError, match="ValueError: no") as caught:
        run(skill_injector.run, made)

    assert caught.value.step == "two"
    assert made.additions == []
    assert made.kept_state == {SKILL: None}
    assert ("skill:step_failed", "t:plan two") in events(made)
    assert [entry.outcome for entry in made.audit] == ["failure"]


def test_a_step_that_hangs_is_left_after_its_time(flow, runner, autojump_clock):
    runner.does["one"] = trio.sleep_forever
    made = flow()

    with pytest.raises(SkillStepError, match=r"step 'one' of skill 't:plan' took longer than 5 s"):
        trio.run(skill_injector.run, made, clock=autojump_clock)


def test_a_caller_may_name_a_skill(run, flow, runner):
    made = flow("release", terms=Terms(skill="t:plan"))

    run(skill_injector.run, made)

    assert runner.ran == ["one", "two", "three", "four"]


def test_a_name_that_nobody_has_is_a_warning(run, flow, runner):
    made = flow("release", terms=Terms(skill="t:nobody"))

    run(skill_injector.run, made)

    assert made.warnings == ["there is no skill 't:nobody' to run"]
    assert made.additions == []


@pytest.mark.parametrize(("most", "ran"), [(0, []), (1, ["t:notes"]), (2, ["t:notes", "t:plan", "t:after"])])
def test_so_many_skills_are_begun_at_most(run, flow, most, ran):
    made = flow("plan the release", settings=SkillsSettings(max_active_skills=most))

    run(skill_injector.run, made)

    assert [shown["skill"] for shown in made.enrichments.get("skill:run", ())] == ran
