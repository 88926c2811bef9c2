"""The port of the HTTP API through which operators look in: what it needs of who looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..telemetry.observation import Observation


class Insight(Protocol):
    """Looks at the system that is served; changes nothing."""

    async def observe(self) -> Observation:
        """Return how it stands."""

    async def answer(self, op: str, args: Mapping[str, Any]) -> Any:
        """Return the answer to a question of the debug port's that looks, as plain data.

        Raises:
            LegionError: There is none.
        """
