"""A client's request, read: a chat, or one prompt."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from ....messages.chat import ChatMessage, Request, ToolDefinition
from ....messages.content import Extra, TextBlock
from ....messages.errors import InvalidRequestError
from .. import fields
from ..json_text import read_client_object
from ..openai_chat import parse_tool
from .message_parsing import parse_messages, pictures
from .parameters import OPTIONS, parse_format, parse_generation, parse_thinking, unnamed
from .words import AUTO, NAME

_SHARED: Final = frozenset({"model", "stream", "format", "think", OPTIONS})
_CHAT: Final = _SHARED | {"messages", "tools"}
_GENERATE: Final = _SHARED | {"prompt", "system", "images", "suffix", "template", "context", "raw"}

# These work on the text that a model is really given, which is its provider's business.
_NOT_HERE: Final = ("suffix", "template", "context", "raw")


def parse_chat(body: bytes) -> Request:
    """Return what the client of `/api/chat` wants; without a message it wants the model to be loaded.

    Raises:
        InvalidRequestError: The body is malformed; `param` names the field.
    """
    source = read_client_object(body)
    return _request(source, parse_messages(source), _CHAT, tools=_tools(source))


def parse_generate(body: bytes) -> Request:
    """Return what the client of `/api/generate` wants; without a prompt it wants the model to be loaded.

    Raises:
        InvalidRequestError: The body is malformed, or asks for what only the model's own server could do; `param` names the field.
    """
    source = read_client_object(body)
    for name in _NOT_HERE:
        if source.get(name):
            raise InvalidRequestError(
                f"{name} is not supported here: it is bound to one model's own prompt format; send the conversation to /api/chat",
                param=name,
            )
    system = fields.text(source, "system") or None
    return _request(source, _prompt(source), _GENERATE, system=system)


def _request(
    source: fields.JsonObject, messages: tuple[ChatMessage, ...], known: Collection[str], **more: Any
) -> Request:
    model = fields.required_text(source, "model")
    streams = fields.boolean(source, "stream")
    return Request(
        messages=messages,
        model=None if model == AUTO else model,
        generation=parse_generation(source),
        response_format=parse_format(source),
        thinking=parse_thinking(source),
        stream=True if streams is None else streams,
        include_usage=True,
        dialect=NAME,
        extra=_extra(source, known),
        **more,
    )


def _extra(source: fields.JsonObject, known: Collection[str]) -> Extra:
    options = unnamed(source)
    rest = fields.rest(source, known)
    return {**rest, OPTIONS: options} if options else rest


def _prompt(source: fields.JsonObject) -> tuple[ChatMessage, ...]:
    prompt, images = fields.text(source, "prompt") or "", pictures(source)
    if not images:
        return (ChatMessage(content=prompt),) if prompt else ()
    return (ChatMessage(content=(*([TextBlock(text=prompt)] if prompt else []), *images)),)


def _tools(source: fields.JsonObject) -> tuple[ToolDefinition, ...] | None:
    """Clients leave out the type, of which there is only one."""
    tools = source.get("tools")
    if tools is None:
        return None
    found = []
    for number, value in enumerate(fields.as_array(tools, "tools")):
        where = f"tools.{number}"
        found.append(parse_tool({"type": "function", **fields.as_object(value, where)}, where))
    return tuple(found)
