"""A request, written for a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Request
from ....messages.content import Content
from ....messages.errors import InvalidRequestError
from ..claude import claude_of
from ..conversation import split_system, turns
from ..extras import own
from ..json_text import write_json
from ..losses import Gaps, note_losses
from ..protocol import DialectOptions, WireRequest
from ..rendering import Rendering
from .block_rendering import render_content
from .parameters import add_generation, add_response_format
from .tools import add_tools
from .words import COUNT_PATH, NAME, PATH

_GAPS: Final = Gaps(descriptions=True)
_OURS: Final = frozenset({"model", "messages", "stream", "max_tokens"})
# What has a say in the length of a prompt; the rest is refused where tokens are counted.
_COUNTED: Final = frozenset(
    {
        "model",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "context_management",
        "mcp_servers",
    }
)


def render_request(request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
    """Return the request as the provider reads it.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: A tool call's arguments are no JSON object, or the request cannot be written as JSON.
    """
    body, warnings = _body(request, model, stream=stream, options=options)
    return WireRequest(path=PATH, body=write_json(body, InvalidRequestError), warnings=warnings)


def render_count_call(request: Request, model: str, options: DialectOptions) -> WireRequest:
    """Return the question how long a prompt is: the request, without what is about the answer alone.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: As for `render_request`.
    """
    body, warnings = _body(request, model, stream=False, options=options)
    counted = {key: value for key, value in body.items() if key in _COUNTED}
    return WireRequest(path=COUNT_PATH, body=write_json(counted, InvalidRequestError), warnings=warnings)


def _body(
    request: Request, model: str, *, stream: bool, options: DialectOptions
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the body of a request, and what could not be carried."""
    rendering = Rendering.of(request, NAME)
    body: dict[str, Any] = {"model": model}
    add_generation(body, request, claude_of(model), rendering, options.origin)
    note_losses(request, rendering, NAME, _GAPS)
    system, messages = _conversation(request)
    if system:
        body["system"] = render_content(system, rendering)
    wire = [_message(message, rendering, options.origin) for message in messages]
    # A turn of which nothing is left is refused; two of the user's in a row are read as one.
    body["messages"] = wire if request.dialect == NAME else [message for message in wire if message["content"]]
    add_tools(body, request, rendering)
    add_response_format(body, request, rendering)
    if stream:
        body["stream"] = True
    if request.metadata and request.dialect == NAME:
        body["metadata"] = request.metadata
    _add_extra(body, request, rendering)
    body.update(options.extra_body)
    return body, tuple(rendering.warnings)


def _conversation(request: Request) -> tuple[Content | None, list[ChatMessage]]:
    """Return the system prompt and the turns. What a client of this dialect sent stays as it was, byte for byte, for the prompt cache."""
    if request.dialect == NAME:
        return request.system, list(request.messages)
    system, messages = split_system(request)
    return system, turns(messages)


def _message(message: ChatMessage, rendering: Rendering, origin: str | None) -> dict[str, Any]:
    is_foreign_answer = message.role == "assistant" and rendering.dialect != NAME
    content = rendering.said(message.content, NAME) if is_foreign_answer else message.content
    wire = {"role": message.role, "content": render_content(content, rendering, origin)}
    return {**own(message.extra, NAME), **wire} if rendering.is_own and message.extra else wire


def _add_extra(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    if not rendering.is_own:
        rendering.leave_out(request.extra, NAME)
        return
    for key, value in request.extra.items():
        if key in _OURS:
            continue
        known = body.get(key)
        body[key] = {**value, **known} if isinstance(known, dict) and isinstance(value, Mapping) else value
