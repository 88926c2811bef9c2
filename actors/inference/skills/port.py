"""The port to those who know what the steps of skills do."""

from __future__ import annotations

from typing import Protocol

from ....messages.skills import SkillContext, StepResult


class SkillRunner(Protocol):
    """Runs steps of skills. They are foreign code: slow, wrong, or hanging."""

    async def run(self, context: SkillContext) -> StepResult:
        """Run a step.

        Raises:
            HostError: It failed, or is not there any more.
        """
