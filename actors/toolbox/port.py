"""The port to those who run tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ...messages.tools import RunTool, Tool, ToolOutcome


class ToolRunner(Protocol):
    """Runs tools of one kind. They are foreign code: slow, wrong, or hanging."""

    async def run(self, message: RunTool) -> ToolOutcome:
        """Run a tool and return what it answered; what went wrong in it is an outcome, too.

        Raises:
            LegionError: It could not be run at all.
        """


class ToolServer(Protocol):
    """A server that has tools (MCP)."""

    async def serve(self, told: Callable[[tuple[Tool, ...]], None]) -> None:
        """Connect, and tell its tools, now and whenever they change, until it is cancelled; then disconnect.

        Raises:
            LegionError: It cannot be reached, does not speak as it should, or the connection is lost.
        """

    async def run(self, message: RunTool) -> ToolOutcome:
        """Run one of its tools, from another task while `serve` runs.

        Raises:
            LegionError: The server is away, or refuses.
        """
