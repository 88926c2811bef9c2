"""What a host brings along, bound to the threads and loops where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from ...messages.errors import InvalidSkill
from ...messages.settings import SkillsSettings
from ...runtime import ActorSystem
from ..settings.sources import home_of
from ..skills.host_skills import HostSkills
from ..skills.markdown import Found, read_all
from ..tools.host_tools import HostTools
from ..tools.python_venv import python_venv
from .functions import HostFunctions
from .hook_shelf import HookShelf
from .host import NO_HOST, Host
from .shelf import ToolShelf
from .skill_shelf import SkillShelf

_SKILLS: Final = SkillsSettings()
_NO_SKILLS: Final = SkillsSettings(enabled=False)


@attrs.frozen(kw_only=True)
class BoundHost:
    """What a host brings along, ready to be called from the actors.

    Attributes:
        host: As it came.
        functions: Calls functions where they belong.
        runner: Calls the host's tools.
        tools: The host's tools, for the host.
        skill_runner: Calls the steps of the host's skills.
        skills: The skills there are, for the host.
        hooks: The host's hooks, for the host.
        notes: What a person should know of what was found.
    """

    host: Host
    functions: HostFunctions
    runner: HostTools
    tools: ToolShelf
    skill_runner: HostSkills
    skills: SkillShelf
    hooks: HookShelf
    notes: tuple[str, ...] = ()


def bind_host(
    host: Host, system: ActorSystem, environ: Mapping[str, str], settings: SkillsSettings = _SKILLS
) -> BoundHost:
    """Bind what the host brings; in the host's own thread, so that its event loop is known.

    Args:
        host: What it brings.
        system: Whose actors call it.
        environ: Where its home is, and the place of its Python.
        settings: In which folders skills are looked for.

    Raises:
        InvalidRequestError: One of its tools, or of its skills, is none.
    """
    functions = HostFunctions(system)
    runner = HostTools(functions)
    runner.interceptors = (python_venv(environ),)
    tools = ToolShelf(runner, system.address("toolbox"))
    if host.tools:
        tools.bind(*host.tools)
    skill_runner = HostSkills(functions)
    skills = SkillShelf(skill_runner, system.address("inference"))
    notes = _lay_out(skills, read_all(settings, home_of(environ))) if settings.enabled else ()
    skills.bind(*host.skills)
    return BoundHost(
        host=host,
        functions=functions,
        runner=runner,
        tools=tools,
        skill_runner=skill_runner,
        skills=skills,
        hooks=HookShelf(functions, system.address("inference")),
        notes=notes,
    )


def no_host(system: ActorSystem) -> BoundHost:
    """Return what a host is that brings nothing."""
    return bind_host(NO_HOST, system, {}, _NO_SKILLS)


def _lay_out(shelf: SkillShelf, found: Found) -> tuple[str, ...]:
    """Take the skills of files; what is wrong with one keeps nothing from starting."""
    notes = list(found.notes)
    for plan in found.skills:
        try:
            shelf.take([plan])
        except InvalidSkill as error:
            notes.append(f"skill {plan.key} is left out: {error.message}")
    return tuple(notes)
