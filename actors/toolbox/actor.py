"""Knows which tools there are, and has them run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs
import trio

from ...messages.errors import LegionError
from ...messages.tools import RunTool, Tool, ToolOutcome, ToolsChanged, ToolsOffered, ToolsWanted
from ...runtime import Actor, Address, spawned
from .port import ToolRunner

logger = logging.getLogger(__name__)

Command: TypeAlias = RunTool | ToolsOffered | ToolsWanted

HOST = "host"


class Toolbox(Actor[Command]):
    """Owns the list of tools, and has them run by whoever can.

    Takes ToolsOffered from the host and from the MCP servers' actors, RunTool and ToolsWanted. Tells ToolsChanged to inference.

    Args:
        host: Runs the host's functions.
        server: The actor of an MCP server, by the server's name.
        inference: Hears which tools there are.
        offered: The host's tools when it starts.
        overrides: Names of the host's tools that are run in the place of an MCP server's, by that tool's name.
    """

    def __init__(
        self,
        host: ToolRunner,
        *,
        server: Callable[[str], Address],
        inference: Address,
        offered: Callable[[], tuple[Tool, ...]],
        overrides: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self._host = host
        self._server = server
        self._inference = inference
        self._offers: dict[str, tuple[Tool, ...]] = {HOST: offered()}
        self._overrides = overrides
        self._tools: tuple[Tool, ...] = ()

    async def on_start(self) -> None:
        """Say what there is."""
        self._publish()

    def on_tools_offered(self, message: ToolsOffered) -> None:
        """Take what somebody offers in the place of what it offered before."""
        self._offers[message.owner] = message.tools
        self._publish()

    def on_tools_wanted(self, _message: ToolsWanted) -> tuple[Tool, ...]:
        """Return the tools there are."""
        return self._tools

    @spawned
    async def on_run_tool(self, message: RunTool) -> ToolOutcome:
        """Have a tool run, for its time; whatever goes wrong is told as its outcome."""
        tool = message.tool
        try:
            with trio.fail_after(tool.timeout):
                return await self._run(message)
        except trio.TooSlowError:
            return ToolOutcome(content=f"the tool did not answer within {tool.timeout:g} s", is_error=True)
        except LegionError as error:
            return ToolOutcome(content=error.message, is_error=True)

    async def _run(self, message: RunTool) -> ToolOutcome:
        if message.tool.source != "mcp":
            return await self._host.run(message)
        override = self._override_of(message.tool)
        if override is not None:
            return await self._host.run(attrs.evolve(message, tool=override))
        return await self._server(message.tool.group).ask(message)

    def _override_of(self, tool: Tool) -> Tool | None:
        """Return the host's tool that the settings put in the place of an MCP server's, if it is there."""
        name = self._overrides.get(tool.name) or self._overrides.get(tool.key)
        return None if name is None else next((each for each in self._offers[HOST] if each.name == name), None)

    def _publish(self) -> None:
        """Tell who offers tools what there is; of two with one name the earlier is kept, the host's own first."""
        known: dict[str, Tool] = {}
        for owner, tools in self._offers.items():
            for tool in tools:
                if known.setdefault(tool.name, tool) is not tool:
                    logger.warning("tool %s of %s is left out: there is one of that name already", tool.name, owner)
        self._tools = tuple(known.values())
        self._inference.offer(ToolsChanged(tools=self._tools))

    def snapshot(self) -> dict[str, Any]:
        """Return the tools by who offers them."""
        return {"offers": {owner: [tool.name for tool in tools] for owner, tools in self._offers.items()}}
