"""The port to another gateway."""

from __future__ import annotations

from typing import Protocol

from ...messages.chat import Request
from ...messages.daemon import DaemonAnswer


class DaemonClient(Protocol):
    """Another gateway's native API, spoken to on the trio loop. Nothing is raised: what goes wrong is an answer, too."""

    async def is_healthy(self) -> bool:
        """Whether it is there, is ready, and is not this very process."""

    async def chat(self, request: Request) -> DaemonAnswer:
        """Ask it."""

    async def fetch(self, poll: str, seconds: float) -> DaemonAnswer:
        """Come back for an accepted answer; waits there so long."""

    async def aclose(self) -> None:
        """Close connections. May be called twice."""
