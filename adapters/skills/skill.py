"""A skill that a host writes as a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

from ...messages.errors import InvalidSkill
from ...messages.skills import SkillPlan, Trigger

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Skill:
    """A skill: derive from this, name the steps, and write each as a method, plain or `async def`, that takes a `SkillContext`.

    A step returns what the model is told, as text, None for nothing, or a `StepResult`. See `SkillPlan` for what each attribute means.
    """

    name: ClassVar[str] = ""
    namespace: ClassVar[str] = "host"
    description: ClassVar[str] = ""
    trigger: ClassVar[Trigger] = "on_demand"
    trigger_words: ClassVar[tuple[str, ...]] = ()
    file_change_triggers: ClassVar[tuple[str, ...]] = ()
    follows: ClassVar[str | None] = None
    condition: ClassVar[Mapping[str, Any]] = _NOTHING
    steps: ClassVar[tuple[str, ...]] = ()
    timeout: ClassVar[float] = 60.0


def plan_of(skill: Skill) -> SkillPlan:
    """Return what is known of a skill.

    Raises:
        InvalidSkill: It is defined wrongly.
    """
    plan = SkillPlan(
        name=skill.name,
        namespace=skill.namespace,
        description=skill.description,
        trigger=skill.trigger,
        trigger_words=_texts(skill, "trigger_words"),
        file_change_triggers=_texts(skill, "file_change_triggers"),
        follows=skill.follows,
        condition=skill.condition,
        steps=_texts(skill, "steps"),
        timeout=skill.timeout,
    )
    for step in plan.steps:
        method_of(skill, step)
    return plan


def method_of(skill: Skill, step: str) -> Callable[..., Any]:
    """Return the method that is a step.

    Raises:
        InvalidSkill: There is none.
    """
    method = getattr(skill, step, None)
    if not callable(method):
        raise InvalidSkill(
            f"skill {skill.namespace}:{skill.name}: step {step!r} is no method of {type(skill).__name__}"
        )
    found: Callable[..., Any] = method
    return found


def _texts(skill: Skill, name: str) -> tuple[str, ...]:
    given = getattr(skill, name)
    if isinstance(given, str) or not all(isinstance(each, str) for each in given):
        raise InvalidSkill(f"skill {skill.namespace}:{skill.name}: {name} must be a tuple of texts, got {given!r}")
    return tuple(given)
