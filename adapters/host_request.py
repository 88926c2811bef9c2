"""From the arguments of `legion.chat()` to a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from ..messages.caller import ANONYMOUS, Caller
from ..messages.chat import (
    ChatMessage,
    Generation,
    Request,
    ResponseFormat,
    Thinking,
    ToolChoice,
    ToolDefinition,
    Trace,
)
from ..messages.errors import InvalidRequestError
from ..messages.terms import Level, Terms
from ..messages.tracing import inherited
from .host.debating import DEBATE, debate_of
from .host.escalation import ESCALATION, confidence_of, escalation_of, switch
from .host.steering import NAMES as STEERING
from .host.steering import steering

_TERMS: Final = frozenset(field.name for field in attrs.fields(Terms))
_GENERATION: Final = frozenset(field.name for field in attrs.fields(Generation))
_NO_WISHES: Final = Generation()
# Fields of a request that are taken as they are, and those that are looked at.
_REQUEST: Final = frozenset(
    {
        *("system", "model", "provider", "tier", "timeout", "conversation_id", "metadata", "extra", "stream"),
        *("idempotency_key", "priority"),
    }
)
_SHAPED: Final = (
    ESCALATION
    | DEBATE
    | {
        *("tools", "tool_choice", "response_format", "thinking", "trace", "caller", "terms"),
        "rescue",
    }
)


def host_request(
    message: str | None,
    messages: Iterable[ChatMessage | Mapping[str, Any]] | None,
    parameters: Mapping[str, Any],
) -> Request:
    """Return the request that a host's call describes; the arguments are those of `Legion.chat`.

    Raises:
        InvalidRequestError: They make no request; `param` names the one at fault.
    """
    unknown = parameters.keys() - _GENERATION - _REQUEST - _SHAPED - _TERMS - STEERING
    if unknown:
        known = ", ".join(sorted(_GENERATION | _REQUEST | _SHAPED | _TERMS | STEERING))
        raise InvalidRequestError(f"unknown parameter {min(unknown)!r}; known are {known}", param=min(unknown))
    timeout, tools = parameters.get("timeout"), parameters.get("tools")
    if timeout is not None and timeout <= 0:
        raise InvalidRequestError(f"timeout must be above 0 s, got {timeout}", param="timeout")
    return Request(
        messages=_conversation(message, messages),
        tools=None if tools is None else tuple(map(_tool, tools)),
        generation=_generation(parameters),
        tool_choice=_tool_choice(parameters.get("tool_choice")),
        response_format=_typed(parameters, "response_format", ResponseFormat),
        thinking=_typed(parameters, "thinking", Thinking),
        trace=_trace(parameters.get("trace")),
        terms=_terms(parameters),
        caller=_typed(parameters, "caller", Caller) or ANONYMOUS,
        escalation=escalation_of(parameters),
        confidence=confidence_of(parameters),
        debate=debate_of(parameters),
        rescue=switch(parameters, "rescue"),
        **steering(parameters),
        **{name: parameters[name] for name in _REQUEST & parameters.keys()},
    )


def _conversation(
    message: str | None, messages: Iterable[ChatMessage | Mapping[str, Any]] | None
) -> tuple[ChatMessage, ...]:
    if (message is None) == (messages is None):
        raise InvalidRequestError("give either one message or messages=[...]", param="messages")
    if message is not None:
        if not isinstance(message, str):
            raise InvalidRequestError(f"the message must be text, not {type(message).__name__}", param="message")
        return (ChatMessage(content=message),)
    assert messages is not None
    if isinstance(messages, (str, Mapping)):
        raise InvalidRequestError("messages must be a list of messages", param="messages")
    conversation = tuple(_chat_message(each, number) for number, each in enumerate(messages))
    if not conversation:
        raise InvalidRequestError("messages must not be empty", param="messages")
    return conversation


def _chat_message(value: object, number: int) -> ChatMessage:
    if isinstance(value, ChatMessage):
        return value
    from .dialects.openai_chat import parse_message  # noqa: PLC0415 - only for hosts that pass dicts

    return parse_message(value, f"messages.{number}")


def _tool(value: object) -> ToolDefinition:
    if isinstance(value, ToolDefinition):
        return value
    from .dialects.openai_chat import parse_tool  # noqa: PLC0415 - only for hosts that pass dicts

    return parse_tool(value, "tools")


def _generation(parameters: Mapping[str, Any]) -> Generation:
    if parameters.keys().isdisjoint(_GENERATION):
        return _NO_WISHES
    given = {name: parameters[name] for name in _GENERATION & parameters.keys()}
    stop = given.get("stop")
    if stop is not None:
        given["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
    for name, value in given.items():
        if name != "stop" and value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise InvalidRequestError(f"{name} must be a number, not {type(value).__name__}", param=name)
    return Generation(**given)


def _tool_choice(value: object) -> ToolChoice | None:
    """Accept a `ToolChoice`, one of its modes, or the name of a tool."""
    if value is None or isinstance(value, ToolChoice):
        return value
    if not isinstance(value, str):
        raise InvalidRequestError("tool_choice must be a ToolChoice, a mode or a tool's name", param="tool_choice")
    match value:
        case "auto" | "none" | "required":
            return ToolChoice(mode=value)
        case name:
            return ToolChoice(mode="tool", name=name)


def _terms(parameters: Mapping[str, Any]) -> Terms | None:
    """Return the terms given whole, or one by one under their own names; None without any."""
    whole: Terms | None = _typed(parameters, "terms", Terms)
    given = {name: parameters[name] for name in _TERMS & parameters.keys() if parameters[name] is not None}
    if not given:
        return whole
    if isinstance(given.get("classification"), str):
        given["classification"] = _level(given["classification"])
    return Terms(**given) if whole is None else attrs.evolve(whole, **given)


def _level(name: str) -> Level:
    try:
        return Level(name)
    except ValueError:
        raise InvalidRequestError(
            f"classification must be {', '.join(Level)}, not {name!r}", param="classification"
        ) from None


def _trace(value: object) -> Trace | None:
    """Accept a `Trace`, or the text of a `traceparent` header."""
    if value is None or isinstance(value, Trace):
        return value
    trace = inherited(value) if isinstance(value, str) else None
    if trace is None:
        raise InvalidRequestError("trace must be a legion_llm.Trace or the text of a traceparent header", param="trace")
    return trace


def _typed(parameters: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    value = parameters.get(name)
    if value is not None and not isinstance(value, kind):
        raise InvalidRequestError(
            f"{name} must be a legion_llm.{kind.__name__}, not {type(value).__name__}", param=name
        )
    return value
