"""The port to a cache that several gateways share."""

from __future__ import annotations

from typing import Protocol

from ...messages.chat import Response


class SharedAnswers(Protocol):
    """Answers kept outside of this process, spoken to on the asyncio loop."""

    async def get(self, key: str) -> Response | None:
        """Return the answer under a key, or None.

        Raises:
            TargetUnavailable: The cache cannot be reached, or what it holds cannot be read.
        """

    async def put(self, key: str, response: Response, seconds: float) -> None:
        """Keep an answer for so long.

        Raises:
            TargetUnavailable: The cache cannot be reached.
        """

    async def aclose(self) -> None:
        """Close connections. May be called twice."""
