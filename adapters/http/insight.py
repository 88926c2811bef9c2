"""The port of the HTTP API through which operators look in: what it needs of who looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from ...messages.reload import ReloadReport
from ..telemetry.observation import Observation

# Reads the settings anew and has them hold. It waits, so it is called in a thread of its own.
# Raises SettingsError, StartFailed or InvalidRequestError where those that held still do.
Reload: TypeAlias = Callable[[], ReloadReport]


class Insight(Protocol):
    """Looks at the system that is served; changes nothing."""

    async def observe(self) -> Observation:
        """Return how it stands."""

    async def answer(self, op: str, args: Mapping[str, Any]) -> Any:
        """Return the answer to a question of the debug port's that looks, as plain data.

        Raises:
            LegionError: There is none.
        """
