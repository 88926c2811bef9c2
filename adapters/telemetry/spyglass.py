"""Looks at a running system for those who come over HTTP; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...messages.settings import Settings
from ...runtime import ActorSystem
from ..debug.operations import Operations
from .observation import Observation, Observer


class Spyglass:
    """What the debug port answers without changing anything, and how the system stands.

    Args:
        system: What is looked at.
        settings: Tells with what it runs.
    """

    def __init__(self, system: ActorSystem, settings: Callable[[], Settings]) -> None:
        self._observer = Observer(system)
        self._operations = Operations(system, settings)

    async def observe(self) -> Observation:
        """Return how the system stands."""
        return await self._observer.observe()

    async def answer(self, op: str, args: Mapping[str, Any]) -> Any:
        """Return the answer to a question of the debug port's.

        Raises:
            LegionError: There is none, or the question would change something.
        """
        return await self._operations.answer(op, args)
