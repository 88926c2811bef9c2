"""Tools and the choice among them, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from ....messages.chat import Request, ToolChoice, ToolDefinition
from ....messages.errors import InvalidRequestError
from .. import fields
from ..rendering import Rendering
from .words import NAME

_MODES: Final[Mapping[str, Literal["auto", "none", "required", "tool"]]] = {
    "auto": "auto",
    "any": "required",
    "none": "none",
    "tool": "tool",
}
_WORDS: Final = {mode: word for word, mode in _MODES.items()}
_KNOWN: Final = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
_NO_ARGUMENTS: Final = {"type": "object", "properties": {}}


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_tools(body: fields.JsonObject) -> tuple[ToolDefinition, ...] | None:
    """Return the tools; None where the client says nothing, () where it says that there are none."""
    tools = body.get("tools")
    if tools is None:
        return None
    return tuple([_tool(tool, f"tools.{number}") for number, tool in enumerate(fields.as_array(tools, "tools"))])


def _tool(value: Any, param: str) -> ToolDefinition:
    """A tool with a type of its own ("web_search_20250305") is the vendor's: it is kept as it is."""
    tool = fields.as_object(value, param)
    kind = fields.text(tool, "type", param)
    if kind not in (None, "custom"):
        return ToolDefinition(name=fields.text(tool, "name", param) or kind, opaque=tool)
    return ToolDefinition(
        name=fields.required_text(tool, "name", param),
        description=fields.text(tool, "description", param),
        parameters=fields.optional_object(tool, "input_schema", param) or {},
        strict=fields.boolean(tool, "strict", param),
        cache_control=fields.optional_object(tool, "cache_control", param),
        extra={**fields.rest(tool, _KNOWN), **({"type": kind} if kind else {})},
    )


def parse_tool_choice(body: fields.JsonObject) -> ToolChoice | None:
    """Return which tool shall be called.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    choice = fields.optional_object(body, "tool_choice")
    if choice is None:
        return None
    kind = fields.required_text(choice, "type", "tool_choice")
    if kind not in _MODES:
        known = ", ".join(_MODES)
        raise InvalidRequestError(
            f"tool_choice.type must be one of {known}, not {kind[:50]!r}", param="tool_choice.type"
        )
    single = fields.boolean(choice, "disable_parallel_tool_use", "tool_choice")
    return ToolChoice(
        mode=_MODES[kind],
        name=fields.required_text(choice, "name", "tool_choice") if kind == "tool" else None,
        parallel=None if single is None else not single,
    )


# -- Writing ----------------------------------------------------------------------------------------------------------


def add_tools(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write tools and tool choice; without tools there is no choice.

    Raises:
        UnsupportedCapability: A tool belongs to another vendor.
    """
    if not request.tools:
        return
    tools = [wire for tool in request.tools if (wire := _render_tool(tool, rendering)) is not None]
    if not tools:
        return
    body["tools"] = tools
    if request.tool_choice is not None:
        body["tool_choice"] = _render_choice(request.tool_choice)


def _render_tool(tool: ToolDefinition, rendering: Rendering) -> dict[str, Any] | None:
    if tool.opaque is not None:
        return rendering.foreign_tool(tool, NAME)
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    wire["input_schema"] = tool.parameters or _NO_ARGUMENTS
    if tool.strict is not None:
        wire["strict"] = tool.strict
    if tool.cache_control is not None:
        wire["cache_control"] = tool.cache_control
    return {**tool.extra, **wire} if rendering.is_own and tool.extra else wire


def _render_choice(choice: ToolChoice) -> dict[str, Any]:
    wire: dict[str, Any] = {"type": _WORDS[choice.mode]}
    if choice.mode == "tool":
        wire["name"] = choice.name
    if choice.parallel is not None and choice.mode != "none":
        wire["disable_parallel_tool_use"] = not choice.parallel
    return wire
