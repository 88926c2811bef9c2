"""The skills there are, arranged so that a request finds those that it calls for."""

from __future__ import annotations

import collections
import fnmatch
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from ....messages.chat import Request
from ....messages.errors import InvalidSkill
from ....messages.settings import SkillsSettings
from ....messages.skills import SkillPlan
from ..tools.selection import users_words
from ..tools.toolset import words_of

_SETTINGS: Final = SkillsSettings()
# The user's words in so many messages at the end call for skills.
_DEPTH: Final = 2
# Of a request's metadata: the files that were changed.
_CHANGED_FILES: Final = "changed_files"


class Skillset:
    """The skills that may be run. Immutable; replaced when they change.

    Args:
        skills: Those there are; of one key the last counts.
        settings: Which of them may be run, and when.

    Raises:
        InvalidSkill: They follow each other in a ring.
    """

    __slots__ = ("_auto", "_by_word", "_followers", "_with_files", "by_key")

    def __init__(self, skills: Iterable[SkillPlan] = (), settings: SkillsSettings = _SETTINGS) -> None:
        self.by_key: Mapping[str, SkillPlan] = {skill.key: skill for skill in skills if _may_run(skill, settings)}
        known = self.by_key.values()
        self._followers = _followers(known)
        on_demand = known if settings.on_demand else ()
        self._by_word = _by_first_word(on_demand)
        self._with_files = tuple(skill for skill in on_demand if skill.file_change_triggers)
        self._auto = tuple(skill for skill in known if skill.trigger == "auto" and settings.auto_inject)

    def chain_after(self, key: str) -> SkillPlan | None:
        """Return the skill that follows one, or None."""
        return self._followers.get(key)

    def called_for(self, request: Request) -> tuple[SkillPlan, ...]:
        """Return the skills that a request calls for: by words, those with most of them first; by changed files; by their conditions."""
        found = (*self._by_words(request), *self._by_files(request), *self._by_condition(request))
        return tuple({skill.key: skill for skill in found}.values())

    def _by_words(self, request: Request) -> Iterator[SkillPlan]:
        if not self._by_word:
            return
        said = list(users_words(request.messages[-_DEPTH:]))
        text = f" {' '.join(said)} "
        matches: collections.Counter[str] = collections.Counter()
        for word in set(said):
            for phrase, skill in self._by_word.get(word, ()):
                matches[skill.key] += f" {phrase} " in text
        for key in sorted(matches, key=lambda key: (-matches[key], key)):
            if matches[key]:
                yield self.by_key[key]

    def _by_files(self, request: Request) -> Iterator[SkillPlan]:
        changed = request.metadata.get(_CHANGED_FILES) if self._with_files else None
        if not isinstance(changed, (list, tuple)):
            return
        files = [str(file) for file in changed]
        for skill in self._with_files:
            if any(fnmatch.fnmatch(file, pattern) for pattern in skill.file_change_triggers for file in files):
                yield skill

    def _by_condition(self, request: Request) -> Iterator[SkillPlan]:
        for skill in self._auto:
            if all(_fulfils(getattr(request, name, None), wanted) for name, wanted in skill.condition.items()):
                yield skill


def skillset_of(skills: Iterable[SkillPlan], settings: SkillsSettings) -> Skillset | None:
    """Return the skills that may be run; None where there are none.

    Raises:
        InvalidSkill: They follow each other in a ring.
    """
    skillset = Skillset(skills, settings)
    return skillset if skillset.by_key else None


def _may_run(skill: SkillPlan, settings: SkillsSettings) -> bool:
    enabled = not settings.enabled_skills or skill.key in settings.enabled_skills
    return settings.enabled and enabled and skill.key not in settings.disabled_skills


def _fulfils(found: Any, wanted: Any) -> bool:
    """Whether what a request holds is what a condition wants: a mapping in each of its entries, a list in one of them, anything else as it is."""
    if isinstance(wanted, Mapping):
        held = found if isinstance(found, Mapping) else _fields_of(found)
        return all(_fulfils(held.get(name), each) for name, each in wanted.items())
    if isinstance(wanted, (list, tuple)):
        return any(_fulfils(found, each) for each in wanted)
    return bool(found == wanted)


def _fields_of(value: Any) -> Mapping[str, Any]:
    return (
        {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
        if attrs.has(type(value))
        else {}
    )


def _by_first_word(skills: Iterable[SkillPlan]) -> dict[str, tuple[tuple[str, SkillPlan], ...]]:
    """Index the phrases that call for skills by their first words."""
    index: dict[str, tuple[tuple[str, SkillPlan], ...]] = {}
    for skill in skills:
        for trigger in dict.fromkeys(skill.trigger_words):
            words = list(words_of(trigger))
            if words:
                index[words[0]] = (*index.get(words[0], ()), (" ".join(words), skill))
    return index


def _followers(skills: Collection[SkillPlan]) -> dict[str, SkillPlan]:
    followers: dict[str, SkillPlan] = {}
    for skill in sorted(skills, key=lambda skill: skill.key):
        if skill.follows is not None:
            followers.setdefault(skill.follows, skill)
    for skill in skills:
        _refuse_rings(skill, {each.key: each.follows for each in skills})
    return followers


def _refuse_rings(skill: SkillPlan, follows: Mapping[str, str | None]) -> None:
    ring: list[str] = [skill.key]
    while (before := follows.get(ring[-1])) is not None:
        if before == skill.key:
            raise InvalidSkill(f"skills follow each other in a ring: {' after '.join((*ring, before))}")
        if before in ring:
            return  # somebody else's ring: it is found from there
        ring.append(before)
