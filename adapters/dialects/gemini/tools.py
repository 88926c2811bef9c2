"""Tools and the choice among them, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from ....messages.chat import Request, ToolChoice, ToolDefinition
from ....messages.errors import InvalidRequestError
from .. import fields
from ..rendering import Rendering
from .schemas import json_schema_of
from .spelling import camelled
from .words import NAME

CONFIG: Final = "toolConfig"
_CALLING: Final = "functionCallingConfig"
_FUNCTIONS: Final = "functionDeclarations"

_MODES: Final[Mapping[str, Literal["auto", "none", "required"]]] = {
    "MODE_UNSPECIFIED": "auto",
    "AUTO": "auto",
    "VALIDATED": "auto",
    "ANY": "required",
    "NONE": "none",
}
_WORDS: Final = {"auto": "AUTO", "none": "NONE", "required": "ANY", "tool": "ANY"}
_KNOWN: Final = frozenset({"name", "description", "parameters", "parametersJsonSchema"})


# -- Reading ----------------------------------------------------------------------------------------------------------


def parse_tools(body: fields.JsonObject) -> tuple[ToolDefinition, ...] | None:
    """Return the tools; None where the client says nothing, () where it says that there are none.

    Raises:
        InvalidRequestError: They are malformed; `param` names the field.
    """
    tools = body.get("tools")
    if tools is None:
        return None
    found: list[ToolDefinition] = []
    for number, entry in enumerate(fields.as_array([tools] if isinstance(tools, Mapping) else tools, "tools")):
        found += _entry(entry, f"tools.{number}")
    return tuple(found)


def _entry(value: Any, param: str) -> list[ToolDefinition]:
    """One entry holds functions, tools that Google runs ("googleSearch"), or both; the latter are kept as they are."""
    entry = camelled(fields.as_object(value, param))
    found: list[ToolDefinition] = []
    for key, each in entry.items():
        if key != _FUNCTIONS:
            found.append(ToolDefinition(name=key, opaque={key: each}))
            continue
        where = f"{param}.{_FUNCTIONS}"
        functions = fields.as_array([each] if isinstance(each, Mapping) else each, where)
        found += [_function(function, f"{where}.{number}") for number, function in enumerate(functions)]
    return found


def _function(value: Any, param: str) -> ToolDefinition:
    function = camelled(fields.as_object(value, param))
    schema = fields.optional_object(function, "parametersJsonSchema", param)
    own = fields.optional_object(function, "parameters", param)
    extra = fields.rest(function, _KNOWN)
    return ToolDefinition(
        name=fields.required_text(function, "name", param),
        description=fields.text(function, "description", param),
        parameters=schema if schema is not None else json_schema_of(own) or {},
        extra=extra if own is None else {**extra, "parameters": own},
    )


def parse_tool_choice(body: fields.JsonObject) -> ToolChoice | None:
    """Return which tool shall be called; what only Google can say of it is left to `opaque_config`.

    Raises:
        InvalidRequestError: It is malformed; `param` names the field.
    """
    calling, names = _calling(body)
    if calling is None:
        return None
    where = f"{CONFIG}.{_CALLING}.mode"
    mode = (fields.text(calling, "mode", f"{CONFIG}.{_CALLING}") or "AUTO").upper()
    if mode not in _MODES:
        raise InvalidRequestError(f"{where} must be one of {', '.join(_MODES)}, not {mode[:50]!r}", param=where)
    if mode == "ANY" and len(names) == 1:
        return ToolChoice(mode="tool", name=names[0])
    return ToolChoice(mode=_MODES[mode])


def opaque_config(body: fields.JsonObject) -> fields.JsonObject | None:
    """Return the tool configuration where it says more than a `ToolChoice` can: several names, "VALIDATED", where the user is."""
    config = fields.optional_object(body, CONFIG)
    if config is None:
        return None
    calling, names = _calling(body)
    calling = calling or {}
    is_plain = calling.keys() <= {"mode", "allowedFunctionNames"} and camelled(config).keys() <= {_CALLING}
    is_plain &= len(names) <= (calling.get("mode") == "ANY") and calling.get("mode") in ("AUTO", "ANY", "NONE")
    return None if is_plain else config


def _calling(body: fields.JsonObject) -> tuple[fields.JsonObject | None, list[str]]:
    config = camelled(fields.optional_object(body, CONFIG) or {})
    found = fields.optional_object(config, _CALLING, CONFIG)
    if found is None:
        return None, []
    calling = camelled(found)
    where = f"{CONFIG}.{_CALLING}.allowedFunctionNames"
    names = calling.get("allowedFunctionNames")
    listed = [] if names is None else list(fields.as_array(names, where))
    for number, name in enumerate(listed):
        if not isinstance(name, str):
            fields.refuse(f"{where}.{number}", "a string", name)
    return calling, listed


# -- Writing ----------------------------------------------------------------------------------------------------------


def add_tools(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write tools and tool choice; without tools there is no choice.

    Raises:
        UnsupportedCapability: A tool belongs to another vendor.
    """
    entries = _entries(request.tools or (), rendering)
    if not entries:
        return
    body["tools"] = entries
    choice = request.tool_choice
    if choice is not None:
        body[CONFIG] = {_CALLING: _render_choice(choice, rendering)}


def _entries(tools: Iterable[ToolDefinition], rendering: Rendering) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for tool in tools:
        if tool.opaque is not None:
            foreign = rendering.foreign_tool(tool, NAME)
            entries += [] if foreign is None else [foreign]
            continue
        if not entries or _FUNCTIONS not in entries[-1]:
            entries.append({_FUNCTIONS: []})
        entries[-1][_FUNCTIONS].append(_render_function(tool, rendering))
    return entries


def _render_function(tool: ToolDefinition, rendering: Rendering) -> dict[str, Any]:
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    is_written = rendering.is_own and "parameters" in tool.extra
    if tool.parameters.get("properties") and not is_written:
        wire["parametersJsonSchema"] = tool.parameters
    return {**wire, **tool.extra} if rendering.is_own else wire


def _render_choice(choice: ToolChoice, rendering: Rendering) -> dict[str, Any]:
    if choice.parallel is False:
        rendering.warn(f"{NAME} cannot limit a turn to one tool call")
    wire: dict[str, Any] = {"mode": _WORDS[choice.mode]}
    if choice.mode == "tool":
        wire["allowedFunctionNames"] = [choice.name]
    return wire
