"""Skills as Markdown files with front matter. No code of theirs is run: what stands below the front matter is what the model is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from ...messages.errors import InvalidSkill, LegionError, SettingsError
from ...messages.settings import SkillsSettings
from ...messages.skills import SkillPlan
from ..secrets.files import located

_FRONT: Final = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_MOST_BYTES: Final = 256 * 1024
_NAMESPACE: Final = "disk"
_KNOWN: Final = frozenset(
    {"name", "namespace", "description", "trigger", "trigger_words", "file_change_triggers", "follows", "condition"}
)


class Found(NamedTuple):
    """What was found in folders: skills, and a line for people about each file that is none."""

    skills: tuple[SkillPlan, ...]
    notes: tuple[str, ...]


def read_all(settings: SkillsSettings, home: Path | None) -> Found:
    """Return the skills in the folders that the settings name; what cannot be read is told, and passed over."""
    skills: dict[str, SkillPlan] = {}
    notes: list[str] = []
    for path in _files(settings, home):
        try:
            skill = read_skill(path)
        except LegionError as error:
            notes.append(f"skill {path} is left out: {error.message}")
            continue
        if skills.setdefault(skill.key, skill) is not skill:
            notes.append(f"skill {path} is left out: there is a skill {skill.key!r} already")
    return Found(tuple(skills.values()), tuple(notes))


def read_skill(path: Path) -> SkillPlan:
    """Return the skill in a file.

    Raises:
        InvalidSkill: It is none.
        SettingsError: The extra `skills` is not installed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidSkill(f"it cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise InvalidSkill(f"it has {len(content)} bytes, and at most {_MOST_BYTES} are read")
    try:
        return skill_of(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidSkill("it is not UTF-8") from error


def skill_of(text: str) -> SkillPlan:
    """Return the skill that a Markdown text describes.

    Raises:
        InvalidSkill: Its front matter is missing or wrong.
        SettingsError: The extra `skills` is not installed.
    """
    match = _FRONT.match(text)
    if match is None:
        raise InvalidSkill("it does not begin with front matter: a block of YAML between two lines of ---")
    front = _yaml(match[1])
    body = text[match.end() :].strip()
    if not body:
        raise InvalidSkill("there is nothing below its front matter")
    condition = front.get("condition") or {}
    if not isinstance(condition, Mapping):
        raise InvalidSkill(f"condition must be a mapping, got {condition!r}")
    return SkillPlan(
        name=front.get("name", ""),
        namespace=front.get("namespace", _NAMESPACE),
        description=str(front.get("description") or ""),
        trigger=front.get("trigger", "on_demand"),
        trigger_words=_texts(front, "trigger_words"),
        file_change_triggers=_texts(front, "file_change_triggers"),
        follows=front.get("follows"),
        condition=condition,
        text=body,
    )


def _yaml(text: str) -> Mapping[str, Any]:
    """Return the front matter. Keys that other programs have (Claude's "allowed-tools") mean nothing here."""
    try:
        import yaml  # noqa: PLC0415 - an extra, wanted only where there are such files
    except ImportError as error:
        raise SettingsError("skills in Markdown need PyYAML: pip install legion-llm[skills]") from error

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
        """Without aliases: a few lines of them can stand for more than any memory holds."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise yaml.YAMLError("aliases are not read")
            return super().compose_node(parent, index)

    try:
        front = yaml.load(text, Loader)  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidSkill(f"its front matter is no YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(front, Mapping):
        raise InvalidSkill("its front matter is no mapping")
    return {name: value for name, value in front.items() if name in _KNOWN}


def _texts(front: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a list of texts; one text is a list of its parts between commas."""
    given = front.get(name) or ()
    if not isinstance(given, (str, list, tuple)):
        raise InvalidSkill(f"{name} must be a list of texts, got {given!r}")
    parts = given.split(",") if isinstance(given, str) else given
    return tuple(str(part).strip() for part in parts if str(part).strip())


def _files(settings: SkillsSettings, home: Path | None) -> Iterator[Path]:
    """Yield the files in which skills may stand, folder by folder, in the order of their names."""
    for folder in _folders(settings):
        path = located(folder, home)
        if path is not None and path.is_dir():
            yield from sorted({*path.glob("*.md"), *path.glob("*/SKILL.md")})


def _folders(settings: SkillsSettings) -> Iterator[str]:
    yield from settings.directories
    for name, is_wanted in (("claude", settings.auto_discover.claude), ("codex", settings.auto_discover.codex)):
        if is_wanted:
            yield f".{name}/skills"
            yield f"~/.{name}/skills"
