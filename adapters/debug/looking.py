"""Looks at a running system for the debug port's events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...actors.inference.pipeline.archive import PassagesWanted
from ...messages.errors import LegionError
from ...messages.routing import ListProviders
from ...runtime import ActorSystem
from .plain import plain
from .watch import Look, actors_of

_PATIENCE: Final = 1.0
_REQUESTS: Final = 200


class Looking:
    """Gathers what events are made of; an actor that cannot say is left as it was.

    Args:
        system: What is looked at.
    """

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._circuits: Mapping[str, str] = {}
        self._catalogues: Mapping[str, Mapping[str, Any]] = {}
        self._requests: tuple[Mapping[str, Any], ...] = ()

    async def look(self) -> Look:
        """Return how things stand."""
        described = self._system.describe()
        await self._ask()
        return Look(
            state=described["state"],
            actors=actors_of(described["tree"]),
            circuits=self._circuits,
            catalogues=self._catalogues,
            requests=self._requests,
        )

    async def _ask(self) -> None:
        router, inference = self._system.address("router"), self._system.address("inference")
        try:
            providers = await router.request(ListProviders(), timeout=_PATIENCE)
            self._circuits = {each.name: each.state for each in providers}
            self._catalogues = {each.name: {"state": str(each.catalogue), "models": each.models} for each in providers}
            passages = await inference.request(PassagesWanted(most=_REQUESTS), timeout=_PATIENCE)
        except LegionError:
            return  # busy or down, which the tree shows
        self._requests = tuple(plain(each) for each in passages)
