"""The messages of a request, as Ollama reads them: text, and pictures beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ....messages.chat import ChatMessage, Request
from ....messages.content import (
    Content,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ....messages.errors import InvalidRequestError, UnsupportedCapability
from ..rendering import Rendering
from .words import NAME

WireMessage = dict[str, Any]


def render_messages(request: Request, rendering: Rendering) -> list[WireMessage]:
    """Return the conversation; `request.system` becomes its first message.

    Raises:
        UnsupportedCapability: A block cannot be said in this dialect.
        InvalidRequestError: A tool call's arguments are no JSON object, or a block stands where none of its kind may.
    """
    messages: list[WireMessage] = []
    is_own = request.dialect == NAME
    if request.system:
        messages.append(_message("system", request.system, rendering, is_own=is_own))
    # A result names its tool, and only the call knows the name.
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    for message in request.messages:
        rendered = _render(message, names, rendering, is_own=is_own)
        messages += [{**message.extra, **each} for each in rendered] if is_own and message.extra else rendered
    return messages


def _render(message: ChatMessage, names: Mapping[str, str], rendering: Rendering, *, is_own: bool) -> list[WireMessage]:
    role = "system" if message.role == "developer" else message.role
    if isinstance(message.content, str) and role != "tool":
        return [{"role": role, "content": message.content}]
    results = [block for block in message.blocks if isinstance(block, ToolResultBlock)]
    others = tuple([block for block in message.blocks if not isinstance(block, ToolResultBlock)])
    if role == "tool" and (others or not results):
        raise InvalidRequestError("a tool message holds tool results, each a ToolResultBlock, and nothing else")
    wire = [_result(block, names, rendering, is_own=is_own) for block in results]
    if others or not results:
        wire.append(_message(role, others, rendering, is_own=is_own))
    return wire


def _result(block: ToolResultBlock, names: Mapping[str, str], rendering: Rendering, *, is_own: bool) -> WireMessage:
    message = _message("tool", block.content, rendering, is_own=is_own)
    name = block.name or names.get(block.tool_use_id)
    if name:
        message["tool_name"] = name
    return {**message, **(block.extra if is_own else {"tool_call_id": block.tool_use_id})}


def _message(role: str, content: Content, rendering: Rendering, *, is_own: bool) -> WireMessage:
    if isinstance(content, str):
        return {"role": role, "content": content}
    message: WireMessage = {"role": role, "content": _text(content, rendering)}
    images = [_image(block, rendering) for block in content if isinstance(block, ImageBlock)]
    if images:
        message["images"] = images
    calls = [_call(block, is_own=is_own) for block in content if isinstance(block, ToolUseBlock)]
    if calls:
        message["tool_calls"] = calls
    thinking = _thinking(content, rendering)
    if thinking:
        message["thinking"] = thinking
    return message


def _text(content: Iterable[ContentBlock], rendering: Rendering) -> str:
    texts = []
    for block in content:
        if isinstance(block, TextBlock):
            texts.append(block.text)
        elif isinstance(block, DocumentBlock) and block.source == "text":
            texts.append(block.data)
        elif isinstance(block, OpaqueBlock):
            rendering.leave_out_block(block, NAME)
        elif not isinstance(block, (ImageBlock, ToolUseBlock, ThinkingBlock)):
            raise UnsupportedCapability(f"{NAME} takes text and pictures only, no {block.type}", capability=block.type)
    return "".join(texts)


def _image(block: ImageBlock, rendering: Rendering) -> str:
    rendering.refuse_foreign_file(block, NAME)
    if block.source != "base64":
        raise UnsupportedCapability("ollama takes images as base64 only", capability="image_url")
    return block.data


def _call(block: ToolUseBlock, *, is_own: bool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": block.name, "arguments": block.input}
    if not is_own:
        # Servers of before late 2025 know no ids, and pair results with calls by names and order.
        return {"id": block.id, "function": function}
    # An Ollama client's own fields, its ids among them, go back as they came.
    return {**block.extra, "function": {**block.extra.get("function", {}), **function}}


def _thinking(content: Iterable[ContentBlock], rendering: Rendering) -> str:
    thoughts = [block for block in content if isinstance(block, ThinkingBlock)]
    readable = [block.text for block in thoughts if block.signature is None and block.encrypted is None]
    if len(readable) < len(thoughts):
        rendering.warn("signed or encrypted reasoning was left out: it goes back only to the provider that made it")
    return "".join(readable)
