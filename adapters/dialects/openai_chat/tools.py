"""Tool definitions and tool choice, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from ....messages.chat import Request, ToolChoice, ToolDefinition
from ....messages.errors import InvalidRequestError
from .. import fields
from ..rendering import Rendering
from .words import NAME

MODES: Final[Mapping[str, Literal["auto", "none", "required"]]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
}


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_tools(body: fields.JsonObject) -> tuple[ToolDefinition, ...] | None:
    """Return the tools; None where the client says nothing, () where it says that there are none."""
    tools = body.get("tools")
    if tools is None:
        return None
    return tuple([parse_tool(tool, f"tools.{number}") for number, tool in enumerate(fields.as_array(tools, "tools"))])


def parse_tool(value: Any, param: str) -> ToolDefinition:
    """Return one tool in the shape of OpenAI's chat API; a kind without a name of ours is kept as it is.

    Args:
        value: A mapping.
        param: Its path, for errors ("tools.0").

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    tool = fields.as_object(value, param)
    kind = fields.required_text(tool, "type", param)
    if kind != "function":
        return ToolDefinition(name=_opaque_name(tool, kind), opaque=tool)
    if tool.get("function") is None:
        raise fields.missing(f"{param}.function")
    inner = f"{param}.function"
    function = fields.as_object(tool["function"], inner)
    nested = fields.rest(function, {"name", "description", "parameters", "strict"})
    outer = fields.rest(tool, {"type", "function", "cache_control"})
    return ToolDefinition(
        name=fields.required_text(function, "name", inner),
        description=fields.text(function, "description", inner),
        parameters=fields.optional_object(function, "parameters", inner) or {},
        strict=fields.boolean(function, "strict", inner),
        cache_control=fields.optional_object(tool, "cache_control", param),
        extra={**outer, "function": nested} if nested else outer,
    )


def _opaque_name(tool: fields.JsonObject, kind: str) -> str:
    inner = tool.get(kind)
    name = inner.get("name") if isinstance(inner, Mapping) else tool.get("name")
    return name if isinstance(name, str) and name else kind


def parse_tool_choice(body: fields.JsonObject) -> ToolChoice | None:
    """Return which tool shall be called; a shape without a name of ours is left to `is_opaque_choice`."""
    choice, parallel = body.get("tool_choice"), fields.boolean(body, "parallel_tool_calls")
    if choice is None or is_opaque_choice(choice):
        return None if parallel is None else ToolChoice(parallel=parallel)
    if isinstance(choice, str):
        if choice not in MODES:
            known = ", ".join(MODES)
            message = f"tool_choice must be one of {known}, or an object, not {choice[:50]!r}"
            raise InvalidRequestError(message, param="tool_choice")
        return ToolChoice(mode=MODES[choice], parallel=parallel)
    choice = fields.as_object(choice, "tool_choice")
    fields.required_text(choice, "type", "tool_choice")
    if choice.get("function") is None:
        raise fields.missing("tool_choice.function")
    function = fields.as_object(choice["function"], "tool_choice.function")
    return ToolChoice(
        mode="tool", name=fields.required_text(function, "name", "tool_choice.function"), parallel=parallel
    )


def is_opaque_choice(choice: Any) -> bool:
    """Return whether a tool choice is of a kind that only this dialect understands (allowed_tools, custom)."""
    return isinstance(choice, Mapping) and isinstance(choice.get("type"), str) and choice["type"] != "function"


# -- Writing ----------------------------------------------------------------------------------------------------------


def add_tools(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write tools and tool choice; without tools there is no choice, and OpenAI refuses to hear of one.

    Raises:
        UnsupportedCapability: A tool belongs to another vendor.
    """
    if not request.tools:
        return
    tools = [wire for tool in request.tools if (wire := _render_tool(tool, rendering)) is not None]
    if not tools:
        return
    body["tools"] = tools
    choice = request.tool_choice
    if choice is not None:
        body["tool_choice"] = _render_choice(choice)
        if choice.parallel is not None:
            body["parallel_tool_calls"] = choice.parallel


def _render_tool(tool: ToolDefinition, rendering: Rendering) -> dict[str, Any] | None:
    if tool.opaque is not None:
        return rendering.foreign_tool(tool, NAME)
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    wire: dict[str, Any] = {"type": "function", "function": function}
    return _with_extra(wire, function, tool) if rendering.is_own else wire


def _with_extra(wire: dict[str, Any], function: dict[str, Any], tool: ToolDefinition) -> dict[str, Any]:
    if tool.cache_control is not None:
        wire["cache_control"] = tool.cache_control
    if not tool.extra:
        return wire
    nested = tool.extra.get("function")
    if isinstance(nested, Mapping):
        wire["function"] = {**nested, **function}
    return {**tool.extra, **wire}


def _render_choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.mode == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode
