"""Tools of MCP servers, over the `mcp` library (extra `mcp`), which is loaded when the first server is connected."""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TextIO

import trio

from ...messages.content import DocumentBlock, ImageBlock, TextBlock
from ...messages.definitions import ToolDefinition, tool_name
from ...messages.errors import HostError, LegionError, SettingsError
from ...messages.secret import Secret
from ...messages.settings import McpServerSettings
from ...messages.tools import RunTool, Tool, ToolContent, ToolOutcome

logger = logging.getLogger(__name__)

# Seconds after which a server is asked again what tools it has.
_LOOK_AGAIN: Final = 30.0
# Pages of tools that are read from one server; one that never ends is cut here.
_MOST_PAGES: Final = 50
_CHANGED: Final = "notifications/tools/list_changed"


class McpConnection:
    """Implements `actors.toolbox.port.ToolServer`.

    Args:
        name: Name of the server in the settings.
        settings: What it is and how it is reached.
        env: Variables for a program that is started.
        headers: Headers for an address.
    """

    def __init__(
        self, name: str, settings: McpServerSettings, env: Mapping[str, Secret], headers: Mapping[str, Secret]
    ) -> None:
        self._name = name
        self._settings = settings
        self._env = env
        self._headers = headers
        self._client: Any = None
        self._changed = trio.Event()

    async def serve(self, told: Callable[[tuple[Tool, ...]], None]) -> None:
        """Hold the connection; see the port."""
        library = _library()
        try:
            with trio.CancelScope(deadline=trio.current_time() + self._settings.connect_timeout) as connecting:
                async with AsyncExitStack() as stack:
                    self._client = await stack.enter_async_context(await self._new_client(library, stack))
                    tools = await self._tools()
                    connecting.deadline = math.inf
                    told(tools)
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(self._listen)
                        await self._watch(told, tools)
        except LegionError:
            raise
        except Exception as error:
            raise HostError(f"MCP server {self._name!r}: {_reason(error)}") from error
        finally:
            self._client = None
        raise HostError(
            f"MCP server {self._name!r} was not ready within {self._settings.connect_timeout:g} s"
            if connecting.cancelled_caught
            else f"MCP server {self._name!r} has closed the connection"
        )

    async def run(self, message: RunTool) -> ToolOutcome:
        """Run one of its tools; see the port."""
        client = self._client
        if client is None:
            raise HostError(f"MCP server {self._name!r} is away")
        try:
            result = await client.call_tool(message.tool.key, dict(message.arguments))
        except Exception as error:
            self._changed.set()  # perhaps it is gone: look at once
            raise HostError(f"MCP server {self._name!r}: {_reason(error)}") from error
        return ToolOutcome(content=_content(result), is_error=bool(result.is_error))

    async def _watch(self, told: Callable[[tuple[Tool, ...]], None], known: tuple[Tool, ...]) -> None:
        """Read the tools again when they have changed, and now and then: not every server says so, and a dead connection says nothing."""
        while True:
            with trio.move_on_after(_LOOK_AGAIN):
                await self._changed.wait()
            self._changed = trio.Event()
            tools = await self._tools()
            if tools != known:
                known = tools
                told(tools)

    async def _listen(self) -> None:
        """Hear of changes where the server tells them on a stream of their own, as newer ones do."""
        try:
            async with self._client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    self._changed.set()
        except Exception as error:  # noqa: BLE001 - a server that does not speak like this is asked now and then
            logger.debug("MCP server %s tells no changes: %s", self._name, _reason(error))

    async def _hear(self, message: Any) -> None:
        if getattr(message, "method", None) == _CHANGED:
            self._changed.set()

    async def _new_client(self, library: ModuleType, stack: AsyncExitStack) -> Any:
        settings = self._settings
        if settings.command is None:
            return library.Client(await self._address(stack), message_handler=self._hear, cache=None)
        env = {name: secret.reveal() for name, secret in self._env.items()}
        program = library.StdioServerParameters(
            command=settings.command, args=list(settings.args), env=env or None, cwd=settings.cwd
        )
        from mcp.client.stdio import stdio_client  # noqa: PLC0415 - with the extra only

        stderr = sys.stderr if settings.show_stderr else stack.enter_context(_nowhere())
        return library.Client(stdio_client(program, stderr), message_handler=self._hear, cache=None)

    async def _address(self, stack: AsyncExitStack) -> Any:
        # With the extra only; the library's own client has no place for headers.
        from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415
        from mcp.shared._httpx_utils import create_mcp_http_client  # noqa: PLC0415

        assert self._settings.url is not None
        headers = {name: secret.reveal() for name, secret in self._headers.items()}
        http = await stack.enter_async_context(create_mcp_http_client(headers=headers))
        return streamable_http_client(self._settings.url, http_client=http)

    async def _tools(self) -> tuple[Tool, ...]:
        tools: list[Tool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._client.list_tools(cursor=cursor)
            tools += [self._tool(each) for each in page.tools]
            cursor = page.next_cursor
            if not cursor:
                break
        return tuple(tools)

    def _tool(self, listed: Any) -> Tool:
        definition = ToolDefinition(
            name=tool_name(listed.name),
            description=listed.description,
            parameters=dict(listed.input_schema),
            source="mcp",
        )
        return Tool(
            definition=definition,
            source="mcp",
            group=self._name,
            key=listed.name,
            is_deferred=self._settings.deferred,
            triggers=_triggers(self._name, listed.name) if self._settings.deferred else (),
            timeout=self._settings.timeout,
        )


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _triggers(*names: str) -> tuple[str, ...]:
    """Return the words of names: what a deferred tool of a server is called for by."""
    return tuple(dict.fromkeys(word for name in names for word in name.lower().replace("-", "_").split("_") if word))


def _library() -> ModuleType:
    try:
        import mcp  # noqa: PLC0415 - with the extra only
    except ImportError as error:
        raise SettingsError(
            "MCP servers need the mcp library: pip install legion-llm[mcp]", path="mcp.servers"
        ) from error
    return mcp


def _content(result: Any) -> ToolContent:
    """Return text where there is nothing but text, else blocks."""
    blocks = [_block(each) for each in result.content]
    if all(isinstance(block, TextBlock) for block in blocks):
        return "\n".join(block.text for block in blocks if isinstance(block, TextBlock))
    return tuple(blocks)


def _block(content: Any) -> TextBlock | ImageBlock | DocumentBlock:
    match content.type:
        case "text":
            return TextBlock(text=content.text)
        case "image":
            return ImageBlock(source="base64", data=content.data, media_type=content.mime_type)
        case "resource" if getattr(content.resource, "text", None) is not None:
            return TextBlock(text=content.resource.text)
        case "resource_link":
            return TextBlock(text=f"{content.name}: {content.uri}")
        case kind:
            return TextBlock(text=f"[{kind}, which cannot be shown]")


def _reason(error: BaseException) -> str:
    """Return the innermost of an error that the library has wrapped into groups."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
