"""The messages of a request, as a provider reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ....messages.chat import ChatMessage, Request
from ....messages.content import (
    Content,
    ContentBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ....messages.errors import InvalidRequestError
from ..extras import own
from ..rendering import MEDIA, Rendering
from .calls import opaque_call, render_call
from .message_parsing import REASONING, REASONING_NEW
from .parts import render_content
from .words import NAME

WireMessage = dict[str, Any]

_DEVELOPER: Final = "developer"


def render_messages(request: Request, rendering: Rendering) -> list[WireMessage]:
    """Return the conversation; `request.system` becomes its first message.

    Raises:
        UnsupportedCapability: A block cannot be said in this dialect.
        InvalidRequestError: A block stands where none of its kind may.
    """
    messages: list[WireMessage] = []
    if request.system:
        messages.append({"role": "system", "content": render_content(request.system, rendering)})
    shown: list[ContentBlock] = []
    for message in request.messages:
        if shown and message.role not in ("tool", "user"):
            messages.append({"role": "user", "content": render_content(_taken(shown, rendering), rendering)})
        if type(message.content) is str and message.role != "tool" and not shown:
            role = message.role if message.role != _DEVELOPER else _role(message, rendering)
            wire = {"role": role, "content": message.content}
            messages.append(_with_rest(wire, message, rendering))
        else:
            messages += _render_blocks(message, rendering, shown)
    if shown:
        messages.append({"role": "user", "content": render_content(_taken(shown, rendering), rendering)})
    return messages


def _role(message: ChatMessage, rendering: Rendering) -> str:
    """OpenAI alone knows developers."""
    return "system" if rendering.is_imitation and message.role == _DEVELOPER else message.role


def _taken(shown: list[ContentBlock], rendering: Rendering) -> tuple[ContentBlock, ...]:
    """Return what tools have shown, for words of the user: results hold text alone, and must follow their calls without anything between."""
    rendering.warn(f"what a tool showed stands after its result, as the user's: results are text in {NAME}")
    taken = tuple(shown)
    shown.clear()
    return taken


def _render_blocks(message: ChatMessage, rendering: Rendering, shown: list[ContentBlock]) -> list[WireMessage]:
    results = [block for block in message.blocks if isinstance(block, ToolResultBlock)]
    others: tuple[ContentBlock, ...] = tuple(
        [block for block in message.blocks if not isinstance(block, ToolResultBlock)]
    )
    if message.role == "tool" and (others or not results):
        raise InvalidRequestError("a tool message holds tool results, each a ToolResultBlock, and nothing else")
    # Results stand before what the user says about them: they must follow their calls at once.
    wire = [_with_rest(_render_result(block, rendering, shown), message, rendering) for block in results]
    if message.role == "user" and shown:
        others = (*_taken(shown, rendering), *others)
    if others or not results:
        wire.append(_with_rest(_render_content(message, others, rendering), message, rendering))
    return wire


def _render_content(message: ChatMessage, blocks: tuple[ContentBlock, ...], rendering: Rendering) -> WireMessage:
    if message.role == "assistant":
        return _render_assistant(blocks, rendering)
    return {"role": _role(message, rendering), "content": render_content(blocks, rendering)}


def _render_result(block: ToolResultBlock, rendering: Rendering, shown: list[ContentBlock]) -> WireMessage:
    """Return the message of a result; what is not text in it is added to `shown`, but for a client of this dialect, who knows its server."""
    content = block.content
    if not isinstance(content, str) and rendering.dialect != NAME:
        shown += [each for each in content if isinstance(each, MEDIA)]
        content = tuple([each for each in content if not isinstance(each, MEDIA)])
    message: WireMessage = {
        "role": "tool",
        "tool_call_id": block.tool_use_id,
        "content": render_content(content, rendering),
    }
    if block.name is not None:
        message["name"] = block.name
    return message


def _render_assistant(blocks: Iterable[ContentBlock], rendering: Rendering) -> WireMessage:
    said: list[ContentBlock] = []
    calls: list[Any] = []
    thoughts: list[ThinkingBlock] = []
    for block in blocks:
        if isinstance(block, ToolUseBlock):
            calls.append(render_call(block, is_own=rendering.is_own))
        elif isinstance(block, ThinkingBlock):
            thoughts.append(block)
        elif isinstance(block, OpaqueBlock) and (call := opaque_call(block)) is not None:
            calls.append(call)
        else:
            said.append(block)
    content = render_content(_told(tuple(said), rendering), rendering) if said else ""
    message: WireMessage = {"role": "assistant", "content": content if content or not calls else None}
    _add_reasoning(message, thoughts, rendering)
    if calls:
        message["tool_calls"] = calls
    return message


def _told(said: Content, rendering: Rendering) -> Content:
    """What models have made elsewhere OpenAI does not take for words of a model; of its imitations hosts know better."""
    is_taken = rendering.dialect == NAME or (rendering.is_own and rendering.is_imitation)
    return said if is_taken else rendering.said(said, NAME)


def _add_reasoning(message: WireMessage, thoughts: list[ThinkingBlock], rendering: Rendering) -> None:
    # Signed or encrypted reasoning goes back to its maker only, and nobody who speaks this dialect signs in this form.
    open_thoughts = [block for block in thoughts if block.signature is None and block.encrypted is None]
    if len(open_thoughts) < len(thoughts):
        rendering.warn("signed or encrypted reasoning was left out: it goes back only to the provider that made it")
    if not open_thoughts:
        return
    # The servers that imitate OpenAI read the field, or ignore it.
    if not rendering.is_imitation:
        rendering.warn("reasoning was left out: OpenAI takes none back")
        return
    is_new = rendering.is_own and open_thoughts[0].extra.get("field") == REASONING_NEW
    message[REASONING_NEW if is_new else REASONING] = "".join([block.text for block in open_thoughts])


def _with_rest(wire: WireMessage, message: ChatMessage, rendering: Rendering) -> WireMessage:
    """Add name and unnamed fields."""
    if message.name is not None:
        wire["name"] = message.name
    if message.extra and rendering.is_own:
        return {**own(message.extra, NAME), **wire}
    return wire


def visible_text(blocks: Iterable[ContentBlock], *, refusal: bool) -> str:
    """Return the refusal in the model's own words, or the rest of the text."""
    return "".join(
        [
            block.text
            for block in blocks
            if isinstance(block, TextBlock) and (block.extra.get("type") == "refusal") == refusal
        ]
    )
