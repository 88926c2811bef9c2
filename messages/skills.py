"""Skills: what is known of them, and what is said about running one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs

from .base import Message
from .content import Extra
from .errors import InvalidSkill

Trigger: TypeAlias = Literal["on_demand", "auto"]

_NOTHING: Final[Extra] = MappingProxyType({})
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _is_name(given: object) -> bool:
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def _is_span(given: object) -> bool:
    return isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given < math.inf


@attrs.frozen(kw_only=True)
class SkillPlan:
    """A skill: when it is run, and its steps. What a step does is known to whoever runs it.

    Attributes:
        name: Its name; with the namespace it is its key.
        namespace: Whose it is.
        description: What it is for, in a line.
        trigger: on_demand (words, files or a caller call for it), or auto (the condition is enough).
        trigger_words: Words and phrases of the user's that call for it, in any case of letters.
        file_change_triggers: Patterns ("src/*.py") of files; it is called for by a request whose metadata name such a one ("changed_files").
        follows: Key of the skill after whose end it is run, or None.
        condition: What a request must hold for an auto skill, by field ({"metadata": {"team": "ops"}}); nothing: any request.
        steps: Names of its steps, in order.
        text: What it says, where it has no step that must be run; else None.
        timeout: Seconds that one step may take.

    Raises:
        InvalidSkill: It has no name, no step, a trigger that there is not, or a field of a wrong type.
    """

    name: str
    namespace: str
    description: str = ""
    trigger: Trigger = "on_demand"
    trigger_words: tuple[str, ...] = ()
    file_change_triggers: tuple[str, ...] = ()
    follows: str | None = None
    condition: Mapping[str, Any] = _NOTHING
    steps: tuple[str, ...] = ()
    text: str | None = None
    timeout: float = 60.0

    def __attrs_post_init__(self) -> None:
        for what, given in (("name", self.name), ("namespace", self.namespace)):
            if not _is_name(given):
                raise InvalidSkill(
                    f"the {what} of a skill has 1 to 64 letters, digits, '_', '.' and '-', a letter or digit first: got {given!r}"
                )
        if self.trigger not in get_args(Trigger):
            raise InvalidSkill(f"skill {self.key!r}: trigger must be on_demand or auto, got {self.trigger!r}")
        if not isinstance(self.follows, (str, type(None))):
            raise InvalidSkill(f"skill {self.key!r}: follows must be the key of a skill, got {self.follows!r}")
        if not _is_span(self.timeout):
            raise InvalidSkill(f"skill {self.key!r}: timeout must be above 0 s, got {self.timeout!r}")
        if (self.text is None) == (not self.steps):
            raise InvalidSkill(f"skill {self.key!r}: give it either steps, or a text")

    @property
    def key(self) -> str:
        """Namespace and name: "dev:release"."""
        return f"{self.namespace}:{self.name}"


@attrs.frozen(kw_only=True)
class StepResult:
    """What a step of a skill returns.

    Attributes:
        inject: What the model is told, before the user's words; "" for nothing.
        gate: What must happen before the next step, in words for the caller: the skill waits, and goes on with the conversation's next turn.
            None: it goes on at once.
        metadata: For the caller (JSON).
    """

    inject: str = ""
    gate: str | None = None
    metadata: Extra = _NOTHING


@attrs.frozen(kw_only=True)
class SkillContext:
    """What a step of a skill may know of the request that it is run for.

    Attributes:
        skill: Key of the skill.
        step: Name of the step.
        text: The user's last words.
        request_id: Id of the request.
        conversation_id: Id of its conversation, or None.
        caller: Identity of who asks, or None.
        metadata: What the request's caller gave it.
        injected: What the steps before have told the model, in this turn.
    """

    skill: str
    step: str
    text: str
    request_id: str
    conversation_id: str | None = None
    caller: str | None = None
    metadata: Extra = _NOTHING
    injected: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SkillsChanged(Message[None]):
    """These are the skills there are."""

    skills: tuple[SkillPlan, ...]
