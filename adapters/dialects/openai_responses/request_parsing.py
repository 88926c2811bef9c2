"""A client's request, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import Generation, Request, ResponseFormat, Thinking, ToolChoice, ToolDefinition
from ....messages.content import Extra
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import read_client_object
from ..openai_chat.tools import MODES
from .ids import PREVIOUS, STORE, ResponseId, unknown_response
from .input_parsing import parse_input
from .words import AUTO, NAME

# What needs a store of OpenAI's own. Answers are kept here, too: see `ids`.
_NEEDS_A_STORE: Final = ("conversation", "prompt")
_KNOWN: Final = frozenset(
    {
        "input",
        "instructions",
        "model",
        "stream",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "text",
        "reasoning",
        "metadata",
        "max_output_tokens",
        "temperature",
        "top_p",
        *_NEEDS_A_STORE,
    }
)


def parse_request(body: bytes) -> Request:
    """Return what the client wants; parameters without a name of ours are kept in `extra`, where the answer repeats them.

    Raises:
        InvalidRequestError: The body is malformed, or asks for what needs a store of OpenAI's; `param` names the field.
        UnknownResponseError: It goes on from an answer that we have never given.
    """
    fields_ = read_client_object(body)
    _refuse_what_needs_a_store(fields_)
    _check_memory(fields_)
    return Request(
        messages=parse_input(fields_.get("input")),
        model=_model(fields_),
        system=fields.text(fields_, "instructions") or None,
        tools=_tools(fields_),
        tool_choice=_tool_choice(fields_),
        generation=Generation(
            temperature=fields.number(fields_, "temperature", 0, 2),
            top_p=fields.number(fields_, "top_p", 0, 1),
            max_tokens=fields.integer(fields_, "max_output_tokens", lowest=1),
        ),
        response_format=_response_format(fields_),
        thinking=_thinking(fields_),
        stream=fields.boolean(fields_, "stream") or False,
        include_usage=True,
        dialect=NAME,
        metadata=fields.optional_object(fields_, "metadata") or {},
        extra=_extra(fields_),
    )


def _extra(body: fields.JsonObject) -> Extra:
    extra: dict[str, Any] = {key: value for key, value in body.items() if key not in _KNOWN}
    choice = body.get("tool_choice")
    # One of OpenAI's own tools, or some of several.
    if isinstance(choice, Mapping) and choice.get("type") != "function":
        extra["tool_choice"] = choice
    for key, known in (("text", {"format"}), ("reasoning", {"effort"})):
        more = fields.rest(fields.optional_object(body, key) or {}, known)
        if more:
            extra[key] = more
    return extra


def _check_memory(body: fields.JsonObject) -> None:
    shown = fields.text(body, PREVIOUS)
    if shown is not None and ResponseId.read(shown) is None:
        raise unknown_response(shown)
    fields.boolean(body, STORE)


def _refuse_what_needs_a_store(body: fields.JsonObject) -> None:
    for name in _NEEDS_A_STORE:
        if body.get(name) is not None:
            raise InvalidRequestError(
                f"{name} is not supported: go on from an answer with {PREVIOUS}, or send the whole conversation as input",
                param=name,
            )
    if body.get("background"):
        raise InvalidRequestError("background is not supported: wait for the answer, or stream it", param="background")


def _model(body: fields.JsonObject) -> str | None:
    model = fields.text(body, "model")
    if model == "":
        raise InvalidRequestError("model must not be empty", param="model")
    return None if model == AUTO else model


def _tools(body: fields.JsonObject) -> tuple[ToolDefinition, ...] | None:
    tools = body.get("tools")
    if tools is None:
        return None
    return tuple([_tool(tool, f"tools.{number}") for number, tool in enumerate(fields.as_array(tools, "tools"))])


def _tool(value: Any, param: str) -> ToolDefinition:
    """Tools that OpenAI itself runs are offers: coding agents send them along always, and do without them."""
    tool = fields.as_object(value, param)
    kind = fields.required_text(tool, "type", param)
    if kind != "function":
        name = tool.get("name")
        return ToolDefinition(name=name if isinstance(name, str) and name else kind, opaque=tool, is_offer=True)
    return ToolDefinition(
        name=fields.required_text(tool, "name", param),
        description=fields.text(tool, "description", param),
        parameters=fields.optional_object(tool, "parameters", param) or {},
        strict=fields.boolean(tool, "strict", param),
        extra=fields.rest(tool, {"type", "name", "description", "parameters", "strict"}),
    )


def _tool_choice(body: fields.JsonObject) -> ToolChoice | None:
    choice, parallel = body.get("tool_choice"), fields.boolean(body, "parallel_tool_calls")
    if isinstance(choice, str):
        if choice not in MODES:
            known = ", ".join(MODES)
            raise InvalidRequestError(
                f"tool_choice must be one of {known}, or an object, not {choice[:50]!r}", param="tool_choice"
            )
        return ToolChoice(mode=MODES[choice], parallel=parallel)
    wanted = fields.optional_object(body, "tool_choice")
    if wanted is not None and wanted.get("type") == "function":
        return ToolChoice(mode="tool", name=fields.required_text(wanted, "name", "tool_choice"), parallel=parallel)
    return None if parallel is None else ToolChoice(parallel=parallel)


def _response_format(body: fields.JsonObject) -> ResponseFormat | None:
    text = fields.optional_object(body, "text") or {}
    wanted = fields.optional_object(text, "format", "text")
    if wanted is None:
        return None
    where = "text.format"
    kind = fields.required_text(wanted, "type", where)
    if kind in ("text", "json_object"):
        return ResponseFormat(type=kind)  # type: ignore[arg-type]  # one of the two
    if kind != "json_schema":
        raise InvalidRequestError(
            f"{where}.type must be one of text, json_object, json_schema, not {kind[:50]!r}", param=f"{where}.type"
        )
    return ResponseFormat(
        type="json_schema",
        name=fields.text(wanted, "name", where) or "response",
        schema=fields.optional_object(wanted, "schema", where),
        strict=fields.boolean(wanted, "strict", where),
        description=fields.text(wanted, "description", where),
    )


def _thinking(body: fields.JsonObject) -> Thinking | None:
    reasoning = fields.optional_object(body, "reasoning") or {}
    effort = fields.text(reasoning, "effort", "reasoning")
    return None if not effort else Thinking(mode="off" if effort == "none" else "on", effort=effort)
