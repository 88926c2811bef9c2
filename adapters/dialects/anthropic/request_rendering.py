"""A request, written for a provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ....messages.chat import ChatMessage, Request
from ....messages.content import Content, ContentBlock, TextBlock, ToolResultBlock
from ....messages.errors import InvalidRequestError
from ..json_text import write_json
from ..protocol import DialectOptions, WireRequest
from ..rendering import Rendering
from .block_rendering import render_content
from .parameters import add_generation, add_response_format, add_thinking
from .tools import add_tools
from .words import NAME, PATH

_OURS: Final = frozenset({"model", "messages", "stream", "max_tokens"})
_INSTRUCTIONS: Final = frozenset({"system", "developer"})


def render_request(request: Request, model: str, *, stream: bool, options: DialectOptions) -> WireRequest:
    """Return the request as the provider reads it.

    Raises:
        UnsupportedCapability: The dialect cannot say what the request needs.
        InvalidRequestError: A tool call's arguments are no JSON object, or the request cannot be written as JSON.
    """
    rendering = Rendering.of(request, NAME)
    body: dict[str, Any] = {"model": model}
    add_generation(body, request, rendering)
    system, messages = _conversation(request)
    if system:
        body["system"] = render_content(system, rendering)
    body["messages"] = [_message(message, rendering, options.origin) for message in messages]
    add_tools(body, request, rendering)
    add_thinking(body, request, rendering)
    add_response_format(body, request, rendering)
    if stream:
        body["stream"] = True
    if request.metadata and request.dialect == NAME:
        body["metadata"] = request.metadata
    _add_extra(body, request, rendering)
    body.update(options.extra_body)
    return WireRequest(path=PATH, body=write_json(body, InvalidRequestError), warnings=tuple(rendering.warnings))


def _conversation(request: Request) -> tuple[Content | None, list[ChatMessage]]:
    """Return the system prompt and the turns. What a client of this dialect sent stays as it was, byte for byte, for the prompt cache."""
    if request.dialect == NAME:
        return request.system, list(request.messages)
    messages = list(request.messages)
    prompts: list[Content] = [request.system] if request.system else []
    while messages and messages[0].role in _INSTRUCTIONS:
        prompts.append(messages.pop(0).content)
    return _joined(prompts), _turns(messages)


def _joined(contents: list[Content]) -> Content | None:
    if len(contents) <= 1:
        return contents[0] if contents else None
    return tuple([block for content in contents for block in _blocks(content)])


def _turns(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Return messages of which no two in a row have the same role: results of tools are the user's, later instructions too."""
    turns: list[tuple[str, list[ContentBlock]]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        if not turns or turns[-1][0] != role:
            turns.append((role, []))
        turns[-1][1].extend(_blocks(message.content))
    return [_turn(role, blocks) for role, blocks in turns]


def _turn(role: str, blocks: list[ContentBlock]) -> ChatMessage:
    if len(blocks) == 1 and isinstance(blocks[0], TextBlock) and blocks[0].cache_control is None:
        return ChatMessage(role=role, content=blocks[0].text)  # type: ignore[arg-type]  # user or assistant
    # Results must follow their calls at once, before anything the user says about them.
    results = [block for block in blocks if isinstance(block, ToolResultBlock)]
    others = [block for block in blocks if not isinstance(block, ToolResultBlock)]
    return ChatMessage(role=role, content=(*results, *others))  # type: ignore[arg-type]  # user or assistant


def _blocks(content: Content) -> tuple[ContentBlock, ...]:
    if isinstance(content, str):
        return (TextBlock(text=content),) if content else ()
    return content


def _message(message: ChatMessage, rendering: Rendering, origin: str | None) -> dict[str, Any]:
    wire = {"role": message.role, "content": render_content(message.content, rendering, origin)}
    return {**message.extra, **wire} if rendering.is_own and message.extra else wire


def _add_extra(body: dict[str, Any], request: Request, rendering: Rendering) -> None:
    if not rendering.is_own:
        for key in request.extra:
            rendering.warn(f"{key} was left out: {NAME} has no such parameter of {rendering.dialect}")
        return
    for key, value in request.extra.items():
        if key in _OURS:
            continue
        known = body.get(key)
        body[key] = {**value, **known} if isinstance(known, dict) and isinstance(value, Mapping) else value
