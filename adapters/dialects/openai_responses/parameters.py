"""What a request says beside its conversation, written for a provider: tools, sampling, shape of the answer, reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Request, ToolDefinition
from ..openai_chat.parameters import effort_of
from ..rendering import Rendering
from .words import NAME

# Sampling that OpenAI's older API has, and this one has not.
_DROPPED: Final = ("top_k", "stop", "seed", "presence_penalty", "frequency_penalty")

# Below this OpenAI refuses a limit of tokens.
_LEAST: Final = 16


def add_tools(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write tools and tool choice; without tools there is no choice.

    Raises:
        UnsupportedCapability: A tool belongs to another vendor.
    """
    tools = [wire for tool in request.tools or () if (wire := _tool(tool, request, rendering)) is not None]
    if not tools:
        return
    body["tools"] = tools
    choice = request.tool_choice
    if choice is None:
        return
    if choice.mode == "tool":
        body["tool_choice"] = {"type": "function", "name": choice.name}
    elif choice.mode != "auto":
        body["tool_choice"] = choice.mode
    if choice.parallel is not None:
        body["parallel_tool_calls"] = choice.parallel


def add_sampling(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write the sampling parameters that there are; the others are left out with a warning."""
    generation = request.generation
    written = {
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        "max_output_tokens": _limit(request, rendering),
    }
    body.update({name: value for name, value in written.items() if value is not None})
    for name in _DROPPED:
        if getattr(generation, name) not in (None, ()):
            rendering.warn(f"{name} was left out: {NAME} has no such parameter")


def _limit(request: Request, rendering: Rendering) -> int | None:
    """Return the most tokens to write. Clients of other dialects ask for a single one to see whether anybody is there, which this API refuses."""
    limit = request.generation.max_tokens
    if limit is None or limit >= _LEAST or rendering.is_own:
        return limit
    rendering.warn(f"a limit of {limit} tokens was put as {_LEAST}: {NAME} takes no lower one")
    return _LEAST


def add_format(body: dict[str, Any], request: Request) -> None:
    """Write the shape of the answer."""
    wanted = request.response_format
    if wanted is None:
        return
    shape: dict[str, Any] = {"type": wanted.type}
    if wanted.type == "json_schema":
        said = {
            "name": wanted.name,
            "schema": wanted.schema or {},
            "strict": wanted.strict,
            "description": wanted.description,
        }
        shape |= {key: value for key, value in said.items() if value is not None}
    body["text"] = {"format": shape}


def add_reasoning(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write how hard to think."""
    effort = None if request.thinking is None else effort_of(request.thinking, rendering)
    if effort is not None:
        body["reasoning"] = {"effort": effort}


def _tool(tool: ToolDefinition, request: Request, rendering: Rendering) -> dict[str, Any] | None:
    if tool.opaque is not None:
        return rendering.foreign_tool(tool, NAME)
    parameters: Mapping[str, Any] = tool.parameters or {"type": "object", "properties": {}}
    wire: dict[str, Any] = {"type": "function", "name": tool.name, "parameters": parameters}
    if tool.description is not None:
        wire["description"] = tool.description
    if tool.strict is not None:
        wire["strict"] = tool.strict
    elif request.dialect != NAME:
        # What is left out means strict here, and means the contrary wherever else these tools may come from.
        wire["strict"] = False
    return {**tool.extra, **wire} if request.dialect == NAME else wire
