"""The host's skills: their steps are called where they belong."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ...messages.errors import HostError, InvalidSkill
from ...messages.skills import SkillContext, SkillPlan, StepResult
from ..host.functions import HostFunctions
from .skill import Skill, method_of, plan_of


class HostSkills:
    """Implements `actors.inference.skills.port.SkillRunner`. Skills may be added and removed from any thread, also while others run."""

    def __init__(self, functions: HostFunctions) -> None:
        self._functions = functions
        # Replaced and never changed, so that a look into them needs no lock.
        self._steps: Mapping[tuple[str, str], Callable[..., Awaitable[Any]]] = MappingProxyType({})

    def bind(self, skill: object) -> SkillPlan:
        """Make what a host gives callable.

        Args:
            skill: An object of `Skill`, or a class of such that can be made without arguments.

        Raises:
            InvalidSkill: It is none.
        """
        made = _made(skill)
        plan = plan_of(made)
        steps = {
            (plan.key, step): self._functions.bound(method_of(made, step), f"step {step!r} of skill {plan.key!r}")
            for step in plan.steps
        }
        self._steps = MappingProxyType({**self._steps, **steps})
        return plan

    def release(self, keys: Iterable[str]) -> None:
        """Forget skills."""
        gone = set(keys)
        self._steps = MappingProxyType({place: step for place, step in self._steps.items() if place[0] not in gone})

    async def run(self, context: SkillContext) -> StepResult:
        """Call the method; see the port."""
        step = self._steps.get((context.skill, context.step))
        if step is None:
            raise HostError(f"skill {context.skill!r} was taken away")
        result = await step(context)
        if isinstance(result, StepResult):
            return result
        if result is None or isinstance(result, str):
            return StepResult(inject=result or "")
        raise HostError(
            f"step {context.step!r} of skill {context.skill!r} must return text, None or a StepResult, not {type(result).__name__}"
        )


def _made(skill: object) -> Skill:
    if inspect.isclass(skill) and issubclass(skill, Skill):
        try:
            return skill()
        except TypeError as error:
            raise InvalidSkill(f"{skill.__name__} cannot be made without arguments: give an object") from error
    if isinstance(skill, Skill):
        return skill
    raise InvalidSkill(f"{skill!r:.80} is no skill: derive a class from legion_llm.Skill")
