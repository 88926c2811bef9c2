"""Tools and the choice among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ....messages.chat import Request, ToolChoice, ToolDefinition
from ....messages.content import ToolResultBlock
from ..rendering import Rendering
from .block_rendering import Writing
from .words import NAME

_ANYTHING: Final = {"type": "object", "properties": {}}


def add_tools(body: dict[str, Any], request: Request, writing: Writing) -> None:
    """Write tools and tool choice.

    A conversation with calls in it must declare tools even if none may be called any more; then those that were called are declared again.

    Raises:
        UnsupportedCapability: A tool belongs to another vendor.
    """
    rendering, choice = writing.rendering, request.tool_choice
    tools = [wire for tool in request.tools or () for wire in _tool(tool, writing)]
    forbidden = choice is not None and choice.mode == "none"
    if forbidden and not _has_calls(request):
        tools = []
    if forbidden and tools:
        rendering.warn(f"{NAME} cannot forbid the tools of a conversation that has used them")
    if not tools and _has_calls(request):
        rendering.warn(f"the tools of earlier turns were declared again: {NAME} wants them")
        tools = [_spec(name, None, _ANYTHING) for name in _called(request)]
    if not tools:
        return
    config: dict[str, Any] = {"tools": tools}
    if choice is not None and not forbidden:
        config["toolChoice"] = _choice(choice, rendering)
    body["toolConfig"] = config


def _tool(tool: ToolDefinition, writing: Writing) -> Iterable[dict[str, Any]]:
    if tool.opaque is not None:
        foreign = writing.rendering.foreign_tool(tool, NAME)
        return [] if foreign is None else [foreign]
    wire = _spec(tool.name, tool.description, tool.parameters or _ANYTHING)
    if tool.strict is not None:
        wire["toolSpec"]["strict"] = tool.strict
    return [wire, *writing.cache_point(tool.cache_control, among_tools=True)]


def _spec(name: str, description: str | None, schema: Any) -> dict[str, Any]:
    said = {"description": description} if description else {}  # an empty one is refused
    return {"toolSpec": {"name": name, **said, "inputSchema": {"json": schema}}}


def _choice(choice: ToolChoice, rendering: Rendering) -> dict[str, Any]:
    if choice.parallel is False:
        rendering.warn(f"{NAME} cannot limit a turn to one tool call")
    if choice.mode == "tool":
        return {"tool": {"name": choice.name}}
    return {"any": {}} if choice.mode == "required" else {"auto": {}}


def _has_calls(request: Request) -> bool:
    return any(
        message.tool_calls or any(isinstance(block, ToolResultBlock) for block in message.blocks)
        for message in request.messages
    )


def _called(request: Request) -> list[str]:
    """Return the names of the tools that were called, each once; a result whose call is gone stands for some tool."""
    names = dict.fromkeys(call.name for message in request.messages for call in message.tool_calls)
    return list(names) or ["tool"]
