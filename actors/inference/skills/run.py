"""Running a skill: its steps one after the other, until its end, a gate, or somebody stops it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs
import trio

from ....messages.content import Extra
from ....messages.errors import HostError, SkillStepError
from ....messages.skills import SkillContext, SkillPlan, StepResult
from .port import SkillRunner


@attrs.frozen(kw_only=True)
class SkillRun:
    """What came of running a skill.

    Attributes:
        skill: Which.
        injected: What the model is told, step by step.
        resume_at: Number of the step with which it goes on, where it waits at a gate; None where it is at its end.
        gate: What it waits for.
        is_stopped: Whether somebody has stopped it.
        metadata: What its steps have for the caller.
    """

    skill: SkillPlan
    injected: tuple[str, ...] = ()
    resume_at: int | None = None
    gate: str | None = None
    is_stopped: bool = False
    metadata: Extra = attrs.field(factory=dict)


async def run_skill(
    skill: SkillPlan,
    from_step: int,
    runner: SkillRunner,
    context: SkillContext,
    *,
    stopped: Callable[[], Awaitable[bool]],
    told: Callable[[str, str], None],
) -> SkillRun:
    """Run the steps of a skill, from one on.

    Args:
        skill: Which.
        from_step: Number of the first step that is run, from 0.
        runner: Knows what the steps do.
        context: What they may know; skill, step and what was injected are filled in here.
        stopped: Whether somebody has stopped it; asked between two steps.
        told: Hears what happens: an event ("skill:step_started") and of what.

    Raises:
        SkillStepError: A step failed, or took too long.
    """
    if skill.text is not None:
        return SkillRun(skill=skill, injected=(skill.text,))
    injected: list[str] = []
    metadata: dict[str, object] = {}
    for number, step in enumerate(skill.steps[from_step:], from_step):
        if number > from_step and await stopped():
            return SkillRun(skill=skill, is_stopped=True)
        told("skill:step_started", f"{skill.key} {step}")
        here = attrs.evolve(context, skill=skill.key, step=step, injected=tuple(injected))
        result = await _run_step(skill, runner, here, told)
        injected += [result.inject] if result.inject else []
        metadata |= result.metadata
        if result.gate is not None:
            told("skill:step_gated", f"{skill.key} {step}")
            return SkillRun(
                skill=skill, injected=tuple(injected), resume_at=number + 1, gate=result.gate, metadata=metadata
            )
        told("skill:step_completed", f"{skill.key} {step}")
    return SkillRun(skill=skill, injected=tuple(injected), metadata=metadata)


async def _run_step(
    skill: SkillPlan, runner: SkillRunner, context: SkillContext, told: Callable[[str, str], None]
) -> StepResult:
    try:
        with trio.fail_after(skill.timeout):
            return await runner.run(context)
    except trio.TooSlowError:
        told("skill:step_failed", f"{skill.key} {context.step}")
        raise SkillStepError(
            f"step {context.step!r} of skill {skill.key!r} took longer than {skill.timeout:g} s", step=context.step
        ) from None
    except HostError as error:
        told("skill:step_failed", f"{skill.key} {context.step}")
        raise SkillStepError(error.message, step=context.step) from error
