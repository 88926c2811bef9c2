"""Knows which tools there are, and has them run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import attrs
import trio

from ...messages.errors import LegionError
from ...messages.tools import RunTool, Tool, ToolOutcome, ToolsChanged, ToolsOffered, ToolsWanted
from ...runtime import Actor, Address, spawned
from .beside import both
from .confidence import Course, course_of
from .overrides import Overrides, OverrideStores
from .port import ToolRunner

logger = logging.getLogger(__name__)

Command: TypeAlias = RunTool | ToolsOffered | ToolsWanted

HOST = "host"

_NO_STORES: Final = OverrideStores()


class Toolbox(Actor[Command]):
    """Owns the list of tools, and has them run by whoever can.

    Takes ToolsOffered from the host and from the MCP servers' actors, RunTool and ToolsWanted. Tells ToolsChanged to inference.

    Args:
        host: Runs the host's functions.
        server: The actor of an MCP server, by the server's name.
        inference: Hears which tools there are.
        offered: The host's tools when it starts.
        overrides: Names of the host's tools that are run in the place of an MCP server's, by that tool's name.
        stores: Where it is kept how far other tools of the host's are trusted to take the place of a server's.
    """

    def __init__(
        self,
        host: ToolRunner,
        *,
        server: Callable[[str], Address],
        inference: Address,
        offered: Callable[[], tuple[Tool, ...]],
        overrides: Mapping[str, str] = MappingProxyType({}),
        stores: OverrideStores = _NO_STORES,
    ) -> None:
        super().__init__()
        self._host = host
        self._server = server
        self._inference = inference
        self._offers: dict[str, tuple[Tool, ...]] = {HOST: offered()}
        self._overrides = overrides
        self._trials = Overrides(stores, self.clock.time)
        self._tools: tuple[Tool, ...] = ()

    async def on_start(self) -> None:
        """Say what there is, and remember which overrides are trusted."""
        self._publish()
        self.spawn(self._trials.hydrate)

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
        candidate = self._candidate_for(message.tool)
        if candidate is None:
            return await self._at_server(message)
        return await self._weighed(message, candidate)

    async def _at_server(self, message: RunTool) -> ToolOutcome:
        return await self._server(message.tool.group).ask(message)

    async def _weighed(self, message: RunTool, candidate: Tool) -> ToolOutcome:
        """Run the server's tool, the host's, or both and compare them, by how far the host's is trusted."""
        tool, name = message.tool.name, candidate.name
        ours = attrs.evolve(message, tool=candidate)
        match course_of(await self._trials.of(tool, name)):
            case Course.OVERRIDE:
                own = await self._tried(ours)
                await self._trials.count(tool, name, agreed=own is not None)
                return await self._at_server(message) if own is None else own
            case Course.BOTH:
                outcome, own = await both(lambda: self._at_server(message), lambda: self._tried(ours))
                if not outcome.is_error:
                    await self._trials.count(tool, name, agreed=own == outcome)
                return outcome
            case _:
                return await self._at_server(message)

    async def _tried(self, message: RunTool) -> ToolOutcome | None:
        """Return what the host's tool answers, or None where it fails."""
        try:
            outcome = await self._host.run(message)
        except LegionError:
            return None
        return None if outcome.is_error else outcome

    def _candidate_for(self, tool: Tool) -> Tool | None:
        """Return the host's tool that says of itself that it may take a server's place."""
        return next((each for each in self._offers[HOST] if each.overrides in {tool.name, tool.key}), None)

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
        return {
            "offers": {owner: [tool.name for tool in tools] for owner, tools in self._offers.items()},
            "overrides": self._trials.snapshot(),
        }
