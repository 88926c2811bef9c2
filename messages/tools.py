"""Tools that run on our side of the wire: what is known of them, and what is said about running one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs

from .base import Message
from .content import DocumentBlock, ImageBlock, TextBlock
from .definitions import ToolDefinition

# What a tool may answer: text, or text with pictures and documents.
ToolContent: TypeAlias = "str | tuple[TextBlock | ImageBlock | DocumentBlock, ...]"
ToolSourceKind: TypeAlias = Literal["host", "mcp"]


@attrs.frozen(kw_only=True)
class Tool:
    """A tool that the gateway runs itself.

    Attributes:
        definition: What the model is told; its name is one that every provider accepts.
        source: host (a function of the host's) or mcp (an MCP server's).
        group: What it belongs to: the toolkit, the server. Tools are kept at hand by group.
        key: Under which whoever runs it knows it.
        is_deferred: Whether it is offered only where a word calls for it, or a caller names it.
        triggers: Words of the user's that call for it, in lower case.
        timeout: Seconds that one run may take.
        overrides: Name of an MCP server's tool in whose place it may be run, when the two have agreed often enough; "" for none.
        is_parallel: Whether it may run beside other tools of the same turn.
    """

    definition: ToolDefinition
    source: ToolSourceKind = "host"
    group: str = ""
    key: str = ""
    is_deferred: bool = False
    triggers: tuple[str, ...] = ()
    timeout: float = 60.0
    overrides: str = ""
    is_parallel: bool = True

    @property
    def name(self) -> str:
        """Name under which models know it."""
        return self.definition.name


@attrs.frozen(kw_only=True)
class ToolOutcome:
    """What came of running a tool.

    Attributes:
        content: What it answered, or in words why it did not.
        is_error: Whether it failed.
    """

    content: ToolContent = ""
    is_error: bool = False


@attrs.frozen(kw_only=True)
class RunTool(Message[ToolOutcome]):
    """Run a tool.

    Attributes:
        tool: Which.
        arguments: What the model gave it, a JSON object.
        call_id: Id of the model's call.
        request_id: Of the request that it is for.
        caller: Identity of who asked, or None.
    """

    tool: Tool
    arguments: Mapping[str, Any]
    call_id: str
    request_id: str
    caller: str | None = None


@attrs.frozen(kw_only=True)
class ToolsOffered(Message[None]):
    """Somebody offers tools from now on, in the place of what it offered before; () takes all of them back.

    Attributes:
        owner: Who: "host", or "mcp/NAME".
    """

    owner: str
    tools: tuple[Tool, ...]


@attrs.frozen(kw_only=True)
class ToolsChanged(Message[None]):
    """These are the tools there are."""

    tools: tuple[Tool, ...]


@attrs.frozen(kw_only=True)
class ToolsWanted(Message[tuple[Tool, ...]]):
    """Which tools are there?"""
