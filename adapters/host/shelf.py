"""`legion.tools`: the host's own tools, to add to and to take from while the gateway runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ...messages.errors import InvalidRequestError
from ...messages.tools import Tool, ToolsOffered, ToolsWanted
from ...runtime import Address, Reply
from ..tools.host_tools import HostTools


class ToolShelf:
    """The host's own tools. Every request that does not refuse tools is offered them; the model's calls are run in this process.

    Every method may be called from any thread.

    Args:
        tools: Calls the functions.
        toolbox: Hears what there is.
    """

    def __init__(self, tools: HostTools, toolbox: Address) -> None:
        self._runner = tools
        self._toolbox = toolbox
        self._lock = threading.Lock()
        self._tools: tuple[Tool, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the host's tools, as models know them."""
        return tuple(tool.name for tool in self._tools)

    def add(self, *things: Any, **said: Any) -> tuple[str, ...]:
        """Offer tools from now on; one of a name that is there already takes its place.

        Args:
            *things: Functions, plain or `async def`; objects with methods marked `@legion_llm.tool`; classes of such objects. A function's type hints
                become the schema of its arguments, its docstring the description. A plain function runs in a worker thread, a coroutine function on
                the event loop that runs where it is added; without one, on a loop of the gateway's own.
            **said: name, description, parameters, triggers, deferred, timeout, parallel, group: what the functions do not say themselves.

        Returns:
            Their names.

        Raises:
            InvalidRequestError: Something is no tool, or cannot be told to a model.
            SettingsError: The extra `tools` is not installed.
        """
        added = self.bind(*things, **said)
        self._offer()
        return tuple(tool.name for tool in added)

    def bind(self, *things: Any, **said: Any) -> tuple[Tool, ...]:
        """Take tools without telling anybody, before the gateway runs; else as `add`."""
        added = self._runner.bind(things, **said)
        names = {tool.name for tool in added}
        if len(names) < len(added):
            raise InvalidRequestError("two of these tools have the same name", param="tools")
        with self._lock:
            replaced = tuple(tool for tool in self._tools if tool.name in names)
            self._tools = (*(tool for tool in self._tools if tool.name not in names), *added)
        self._runner.release(replaced)
        return added

    def remove(self, *names: str) -> None:
        """Offer tools no longer.

        Raises:
            InvalidRequestError: There is no such tool.
        """
        with self._lock:
            unknown = set(names) - {tool.name for tool in self._tools}
            if unknown:
                raise InvalidRequestError(f"there is no tool {min(unknown)!r}", param="names")
            removed = tuple(tool for tool in self._tools if tool.name in names)
            self._tools = tuple(tool for tool in self._tools if tool.name not in names)
        self._offer()
        self._runner.release(removed)

    def intercept(
        self, name: str, matches: Callable[[str], bool], rewrite: Callable[[str, Mapping[str, Any]], Any]
    ) -> None:
        """Have the arguments of calls of the host's tools changed before they are made, in the order of registration.

        Args:
            name: Name of this interceptor; one of the same name takes the old one's place.
            matches: Whether it has to do with a tool, by the tool's name.
            rewrite: Returns the arguments as they shall be, a mapping; within a second. Where it fails, that call is not made.
        """
        self._runner.intercept(name, matches, rewrite)

    def all(self) -> Reply[tuple[Tool, ...]]:
        """List all tools there are, those of MCP servers included."""
        return self._toolbox.request(ToolsWanted())

    @property
    def offered(self) -> tuple[Tool, ...]:
        """The host's tools."""
        return self._tools

    def lend(self, things: tuple[Any, ...]) -> tuple[Tool, ...]:
        """Make tools for one request; `take_back` must follow."""
        return self._runner.bind(things)

    def take_back(self, tools: tuple[Tool, ...]) -> None:
        """Forget the tools of one request."""
        self._runner.release(tools)

    def _offer(self) -> None:
        self._toolbox.offer(ToolsOffered(owner="host", tools=self._tools))
