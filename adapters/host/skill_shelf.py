"""`legion.skills`: the skills there are, to add to and to take from while the gateway runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path

from ...actors.inference.skills.skillset import Skillset
from ...messages.errors import NotFoundError
from ...messages.skills import SkillPlan, SkillsChanged, Trigger
from ...runtime import Address
from ..skills.host_skills import HostSkills
from ..skills.markdown import read_skill

logger = logging.getLogger(__name__)


class SkillShelf:
    """The skills there are. Every method may be called from any thread.

    Args:
        skills: Calls the host's.
        inference: Hears what there is.
    """

    def __init__(self, skills: HostSkills, inference: Address) -> None:
        self._runner = skills
        self._inference = inference
        self._lock = threading.Lock()
        self._plans: tuple[SkillPlan, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Their keys ("dev:release")."""
        return tuple(plan.key for plan in self._plans)

    @property
    def offered(self) -> tuple[SkillPlan, ...]:
        """What is known of each."""
        return self._plans

    def find(self, key: str) -> SkillPlan | None:
        """Return a skill by its key, or None."""
        return next((plan for plan in self._plans if plan.key == key), None)

    def by_trigger(self, trigger: Trigger) -> tuple[SkillPlan, ...]:
        """Return those of one trigger: "on_demand" or "auto"."""
        return tuple(plan for plan in self._plans if plan.trigger == trigger)

    def chain_after(self, key: str) -> tuple[SkillPlan, ...]:
        """Return the skills that are run one after the other when one has come to its end."""
        skillset, chain = Skillset(self._plans), list[SkillPlan]()
        while (following := skillset.chain_after(key)) is not None:
            chain.append(following)
            key = following.key
        return tuple(chain)

    def add(self, *skills: object) -> tuple[str, ...]:
        """Run skills from now on; one of a key that is there already takes its place.

        Args:
            *skills: Objects of `legion_llm.Skill`, classes of them, or paths of Markdown files.

        Returns:
            Their keys.

        Raises:
            InvalidSkill: One is none, or they would follow each other in a ring.
            SettingsError: A Markdown file is given, and the extra `skills` is not installed.
        """
        keys = self.bind(*skills)
        self._inference.offer(SkillsChanged(skills=self._plans))
        return keys

    def bind(self, *skills: object) -> tuple[str, ...]:
        """Take skills without telling anybody, before the gateway runs; else as `add`."""
        added = [
            read_skill(Path(skill)) if isinstance(skill, (str, Path)) else self._runner.bind(skill) for skill in skills
        ]
        return self.take(added)

    def take(self, added: Iterable[SkillPlan]) -> tuple[str, ...]:
        """Take skills whose steps are known; else as `bind`."""
        new = {plan.key: plan for plan in added}
        with self._lock:
            for key in new.keys() & set(self.names):
                logger.warning("skill %s takes the place of another of that name", key)
            plans = (*(plan for plan in self._plans if plan.key not in new), *new.values())
            Skillset(plans)  # refuses rings
            self._plans = plans
        return tuple(new)

    def remove(self, *keys: str) -> None:
        """Run skills no longer.

        Raises:
            NotFoundError: There is no such skill.
        """
        with self._lock:
            unknown = set(keys) - set(self.names)
            if unknown:
                raise NotFoundError(f"no skill {min(unknown)!r}")
            self._plans = tuple(plan for plan in self._plans if plan.key not in keys)
        self._inference.offer(SkillsChanged(skills=self._plans))
        self._runner.release(keys)
