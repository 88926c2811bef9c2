"""Holds the connection to one MCP server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import attrs
import trio

from ...messages.base import Message
from ...messages.errors import HostError, LegionError
from ...messages.tools import RunTool, Tool, ToolOutcome, ToolsOffered
from ...runtime import Actor, Address, spawned
from .port import ToolServer

# Seconds between two attempts to reach a server that is away: at first, and at most.
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0


@attrs.frozen(kw_only=True)
class Connected(Message[None]):
    """The server is there, with these tools (told by this actor to itself)."""

    tools: tuple[Tool, ...]


@attrs.frozen(kw_only=True)
class Disconnected(Message[None]):
    """The server is away (told by this actor to itself).

    Attributes:
        reason: Why, in words.
    """

    reason: str


Command: TypeAlias = RunTool | Connected | Disconnected


class McpServer(Actor[Command]):
    """Keeps one MCP server connected, and has its tools run. One that is away is tried again, ever more rarely; its tools are taken back meanwhile.

    Takes RunTool. Tells ToolsOffered to the toolbox.

    Args:
        name: Name of the server in the settings.
        make: Makes the connection.
        toolbox: Hears of its tools.
    """

    def __init__(self, name: str, make: Callable[[], ToolServer], *, toolbox: Address) -> None:
        super().__init__()
        self._name_of_server = name
        self._make = make
        self._toolbox = toolbox
        # Set and cleared by the task that holds the connection, the only one there is.
        self._server: ToolServer | None = None
        self._tools: tuple[Tool, ...] = ()
        self._why_away = "it has not answered yet"

    async def on_start(self) -> None:
        """Begin to connect; the gateway does not wait for it."""
        self.spawn(self._stay_connected)

    def on_connected(self, message: Connected) -> None:
        """Offer what it has."""
        self._tools = message.tools
        self._offer()

    def on_disconnected(self, message: Disconnected) -> None:
        """Take its tools back."""
        self._why_away = message.reason
        self._tools = ()
        self._offer()

    @spawned
    async def on_run_tool(self, message: RunTool) -> ToolOutcome:
        """Run one of its tools.

        Raises:
            HostError: The server is away.
        """
        server = self._server
        if server is None:
            raise HostError(f"MCP server {self._name_of_server!r} is away: {self._why_away}")
        return await server.run(message)

    async def _stay_connected(self) -> None:
        """Connect again and again."""
        wait = _FIRST_WAIT
        while True:
            server = self._make()
            was_there = False

            def told(tools: tuple[Tool, ...], server: ToolServer = server) -> None:
                nonlocal was_there
                was_there, self._server = True, server
                self.tell_later(0.0, Connected(tools=tools))

            try:
                await server.serve(told)
            except LegionError as error:
                self.tell_later(0.0, Disconnected(reason=error.message))
            finally:
                self._server = None
            wait = _FIRST_WAIT if was_there else min(2 * wait, _LONGEST_WAIT)
            await trio.sleep(wait)

    def _offer(self) -> None:
        self._toolbox.offer(ToolsOffered(owner=f"mcp/{self._name_of_server}", tools=self._tools))

    def snapshot(self) -> dict[str, Any]:
        """Return whether the server is there, and its tools."""
        return {
            "server": self._name_of_server,
            "connected": self._server is not None,
            "away_because": None if self._server is not None else self._why_away,
            "tools": [tool.name for tool in self._tools],
        }
