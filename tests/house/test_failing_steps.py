"""Each step of the pipeline fails in turn: what the caller, the ledger, the record and the timeline see of it."""

from __future__ import annotations

import attrs
import legion_llm
import pytest
from legion_llm import PipelineError
from legion_llm.actors.inference import actor
from legion_llm.actors.inference.pipeline.archive import PassagesWanted
from legion_llm.actors.inference.pipeline.step import OnFailure, Phase
from legion_llm.actors.inference.pipeline.table import TABLE

PATIENCE = 10.0
FATAL = [step for step in TABLE if step.on_failure is OnFailure.FATAL]
DEGRADING = [step for step in TABLE if step.on_failure is OnFailure.DEGRADE]


def name(step):
    return step.name


@pytest.fixture
def broken(monkeypatch):
    """Starts a gateway in which a step fails, for every request."""
    started = []

    def start(step):
        def fail(_flow):
            raise PipelineError(f"{step.name} is broken", step=step.name)

        broken_step = attrs.evolve(step, run=fail, offered=None, wanted=None, in_conversation=False)
        monkeypatch.setattr(actor, "TABLE", tuple(broken_step if each is step else each for each in TABLE))
        legion = legion_llm.start({"providers": {"demo": {}}}, environ={})
        started.append(legion)
        return legion

    yield start
    for legion in started:
        legion.shutdown()


def passage_of(legion):
    (passage,) = legion._system.address("inference").request(PassagesWanted(most=1)).get(PATIENCE)
    return passage


def attempts_of(legion):
    return [row.attempts for row in legion.usage(group_by=()).get(PATIENCE).rows]


@pytest.mark.parametrize("step", FATAL, ids=name)
def test_the_failure_of_a_fatal_step_is_the_callers_answer_and_is_written_down_once(broken, step):
    legion = broken(step)

    with pytest.raises(PipelineError, match=f"{step.name} is broken") as caught:
        legion.chat("hi", model="demo").get(PATIENCE)

    assert caught.value.step == step.name
    (event,) = legion.audit().get(PATIENCE)
    assert (str(event.outcome), event.body["error"]) == ("caller_mistake", "PipelineError")
    passage = passage_of(legion)
    assert passage.error == "PipelineError"
    assert step.name in dict(passage.steps)
    assert attempts_of(legion) == ([1] if step.phase is Phase.AFTER else [])


@pytest.mark.parametrize("step", FATAL, ids=name)
def test_a_stream_fails_as_a_whole_answer_does(broken, step):
    stream = broken(step).stream("hi", model="demo")

    with pytest.raises(PipelineError, match=f"{step.name} is broken"):
        for _ in stream:
            pass


@pytest.mark.parametrize("step", DEGRADING, ids=name)
def test_the_failure_of_any_other_step_is_a_warning_and_the_request_is_answered(broken, step):
    legion = broken(step)

    response = legion.chat("hi", model="demo").get(PATIENCE)

    assert response.text
    assert response.warnings == (f"step {step.name} was left out: {step.name} is broken",)
    (event,) = legion.audit().get(PATIENCE)
    assert (str(event.outcome), event.body["error"]) == ("success", None)
    passage = passage_of(legion)
    assert f"{step.name}:failed" in [each.key for each in passage.events]
    assert step.name in dict(passage.steps)
    assert attempts_of(legion) == [1]
