"""A request, written for Ollama."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Generation, Request, ResponseFormat, ToolDefinition
from ....messages.errors import InvalidRequestError, UnsupportedCapability
from ..json_text import write_json
from ..losses import Gaps, note_losses
from ..protocol import DialectOptions, WireRequest
from ..rendering import Rendering
from .messages import render_messages
from .words import NAME, PATH

# What Ollama knows under `options` and our types do not: it may stand in `extra`, or in the settings' `extra_body`.
OPTIONS: Final = frozenset(
    {
        "num_ctx",
        "num_keep",
        "num_batch",
        "num_gpu",
        "main_gpu",
        "num_thread",
        "use_mmap",
        "min_p",
        "typical_p",
        "repeat_last_n",
        "repeat_penalty",
        "mirostat",
        "mirostat_tau",
        "mirostat_eta",
        "penalize_newline",
        "draft_num_predict",
    }
)

# Unless it is told not to, a server makes room for a prompt or an answer that is too long by dropping what came first, and says nothing.
UNCUT: Final = ("truncate", "shift")

# A client could empty the memory of a server that is not its own, or fill it for ever: its word does not go there.
KEEP: Final = "keep_alive"
KEPT: Final = f"{KEEP} was left out: how long models stay in memory is said in the settings (extra_body)"

# What it knows at the top.
_TOP: Final = frozenset({KEEP, *UNCUT})

_GAPS: Final = Gaps(
    marks="caches by itself", failures=True, titles=True, strictness=True, descriptions=True, interjections=False
)

_EFFORTS: Final[Mapping[str, bool | str]] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
}
_OWN_EFFORTS: Final = frozenset({"none", "low", "medium", "high"})


def render_request(request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
    """Return the request as Ollama reads it.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: A tool call's arguments are no JSON object, or the request cannot be written as JSON.
    """
    rendering = Rendering.of(request, NAME)
    note_losses(request, rendering, NAME, _GAPS)
    # Ollama streams unless it is told not to.
    body: dict[str, Any] = {"model": model, "messages": render_messages(request, rendering), "stream": stream}
    settings = _options(request.generation)
    _add_tools(body, request, rendering)
    _add_format(body, request.response_format)
    _add_think(body, request, options, rendering)
    _add_extra(body, settings, request, rendering)
    _add_extra_body(body, settings, options.extra_body)
    if settings:
        body["options"] = settings
    for key in UNCUT:
        body.setdefault(key, False)
    return WireRequest(path=PATH, body=write_json(body, InvalidRequestError), warnings=tuple(rendering.warnings))


def _options(generation: Generation) -> dict[str, Any]:
    options = {
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        "top_k": generation.top_k,
        "num_predict": generation.max_tokens,
        "stop": list(generation.stop) or None,
        "seed": generation.seed,
        "presence_penalty": generation.presence_penalty,
        "frequency_penalty": generation.frequency_penalty,
    }
    return {name: value for name, value in options.items() if value is not None}


def _add_tools(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    """Write the tools. Ollama knows no choice among them: those that shall not be called are not shown."""
    tools, choice = request.tools or (), request.tool_choice
    if not tools:
        return
    if choice is not None:
        if choice.parallel is False:
            rendering.warn(f"{NAME} cannot limit a turn to one tool call")
        if choice.mode == "none":
            return
        if choice.mode == "tool":
            tools = tuple([tool for tool in tools if tool.name == choice.name])
        if choice.mode in ("tool", "required"):
            rendering.warn(f"{NAME} cannot make the model call a tool; it was only shown")
    for tool in tools:
        if tool.opaque is not None and tool.is_offer:
            rendering.warn(f"tool {tool.name!r} of {rendering.dialect} was left out: {NAME} has none like it")
    is_own = request.dialect == NAME
    shown = [_tool(tool, is_own=is_own) for tool in tools if tool.opaque is None or not tool.is_offer]
    if shown:
        body["tools"] = shown


def _tool(tool: ToolDefinition, *, is_own: bool) -> dict[str, Any]:
    if tool.opaque is not None:
        raise UnsupportedCapability(f"{NAME} has no tool like {tool.name!r}", capability="tool")
    parameters = tool.parameters or {"type": "object", "properties": {}}
    function = {"name": tool.name, "description": tool.description or "", "parameters": parameters}
    if not is_own or not tool.extra:
        return {"type": "function", "function": function}
    return {**tool.extra, "type": "function", "function": {**tool.extra.get("function", {}), **function}}


def _add_format(body: dict[str, Any], response_format: ResponseFormat | None) -> None:
    if response_format is None or response_format.type == "text":
        return
    is_schema = response_format.type == "json_schema" and response_format.schema is not None
    body["format"] = response_format.schema if is_schema else "json"


def _add_think(body: dict[str, Any], request: Request, options: DialectOptions, rendering: Rendering) -> None:
    thinking = request.thinking
    if thinking is None:
        if options.enable_thinking is not None:
            body["think"] = options.enable_thinking
        return
    if thinking.budget_tokens is not None:
        rendering.warn(f"{NAME} has no budget for thinking")
    if thinking.mode == "off":
        body["think"] = False
    elif thinking.effort is not None:
        # A word that is new here may be known there, where it is a word of Ollama's own client.
        body["think"] = _EFFORTS.get(thinking.effort, thinking.effort if request.dialect == NAME else True)
        if thinking.effort not in _OWN_EFFORTS and request.dialect != NAME:
            rendering.warn(f"effort {thinking.effort!r} was put as {body['think']!r}")
    elif thinking.mode == "on":
        body["think"] = True


def _add_extra(body: dict[str, Any], settings: dict[str, Any], request: Request, rendering: Rendering) -> None:
    is_own = request.dialect == NAME
    unknown: dict[str, Any] = {}
    for key, value in request.extra.items():
        if key == KEEP and request.dialect is not None:
            rendering.warn(KEPT)
        elif key in OPTIONS:
            settings[key] = value
        elif key in _TOP:
            body[key] = value
        elif key == "options" and isinstance(value, Mapping):
            settings.update(value)
        elif is_own:
            body[key] = value
        else:
            unknown[key] = value
    rendering.leave_out(unknown, NAME)


def _add_extra_body(body: dict[str, Any], settings: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """What the settings say goes along, whether we know it or not."""
    for key, value in extra.items():
        if key in OPTIONS:
            settings[key] = value
        elif key == "options" and isinstance(value, Mapping):
            settings.update(value)
        else:
            body[key] = value
