"""A conversation as the items that a provider reads."""

from __future__ import annotations

from collections.abc import Iterable
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
from ..extras import own
from ..openai_chat.parts import is_refusal
from ..rendering import Rendering
from .input_parsing import PHASE
from .reasoning import open_item, returned_item
from .words import NAME, PICTURE

WireItem = dict[str, Any]


def render_input(request: Request, rendering: Rendering, origin: str | None) -> list[WireItem]:
    """Return the conversation.

    Args:
        request: What the caller wants.
        rendering: Takes the warnings.
        origin: Instance that will read it: reasoning that it encrypted goes back to it alone.

    Raises:
        UnsupportedCapability: A block cannot be said in this dialect.
        InvalidRequestError: A block stands where none of its kind may.
    """
    items: list[WireItem] = []
    for message in request.messages:
        if message.role == "assistant":
            items += _turn(message.blocks, rendering, origin)
        else:
            items += _message(message, rendering)
    return items


def _turn(blocks: Iterable[ContentBlock], rendering: Rendering, origin: str | None) -> list[WireItem]:
    """Return the items of one turn of the model."""
    items = [_item(block, rendering, origin) for block in blocks]
    return [item for item in items if item is not None]


def _item(block: ContentBlock, rendering: Rendering, origin: str | None) -> WireItem | None:
    if isinstance(block, TextBlock):
        phase = own(block.extra, NAME).get(PHASE) if rendering.is_own else None
        said: WireItem = {"role": "assistant", "content": block.text}
        if rendering.is_own and is_refusal(block):
            said["content"] = [{"type": "refusal", "refusal": block.text}]
        return said if phase is None else {**said, PHASE: phase}
    if isinstance(block, ToolUseBlock):
        extra = own(block.extra, NAME) if rendering.is_own else {}
        call = {"type": "function_call", "call_id": block.id, "name": block.name, "arguments": block.arguments}
        return {**extra, **call}
    if isinstance(block, ThinkingBlock):
        return _reasoning(block, rendering, origin)
    if isinstance(block, OpaqueBlock):
        return _opaque(block, rendering)
    if isinstance(block, ImageBlock) and rendering.is_own and (made := own(block.extra, NAME)):
        return {**made, "type": PICTURE, "result": block.data}
    rendering.warn(f"the {block.type} of an earlier answer was left out: answers are text in {NAME}")
    return None


def _reasoning(block: ThinkingBlock, rendering: Rendering, origin: str | None) -> WireItem | None:
    if block.encrypted is None and block.signature is None and rendering.is_imitation:
        return open_item(block) if block.text else None
    if block.encrypted is None:
        rendering.warn("reasoning without an encrypted form was left out: only that goes back")
        return None
    return returned_item(block) if rendering.may_return(block, origin) else None


def _message(message: ChatMessage, rendering: Rendering) -> list[WireItem]:
    results = [block for block in message.blocks if isinstance(block, ToolResultBlock)]
    others = tuple([block for block in message.blocks if not isinstance(block, ToolResultBlock)])
    if message.role == "tool" and (others or not results):
        raise InvalidRequestError("a tool message holds tool results, each a ToolResultBlock, and nothing else")
    # Results stand before what the user says about them: they must follow their calls at once.
    items: list[WireItem] = [
        {
            "type": "function_call_output",
            "call_id": block.tool_use_id,
            "output": _content(block.content, rendering),
        }
        for block in results
    ]
    if others or not results:
        said = message.content if isinstance(message.content, str) else others
        items.append({"role": message.role, "content": _content(said, rendering)})
    return items


def _content(content: Content, rendering: Rendering) -> str | list[WireItem]:
    if isinstance(content, str):
        return content
    if len(content) == 1 and isinstance(content[0], TextBlock):
        return content[0].text
    parts = [_part(block, rendering) for block in content]
    return [part for part in parts if part is not None] or ""


def _part(block: ContentBlock, rendering: Rendering) -> WireItem | None:
    rendering.refuse_foreign_file(block, NAME)
    if isinstance(block, TextBlock):
        return {"type": "input_text", "text": block.text}
    if isinstance(block, ImageBlock):
        return _image(block)
    if isinstance(block, DocumentBlock):
        return _document(block)
    if isinstance(block, OpaqueBlock):
        return _opaque(block, rendering)
    raise UnsupportedCapability(f"{NAME} takes text, pictures and files, no {block.type}", capability=block.type)


def _image(block: ImageBlock) -> WireItem:
    image = {"type": "input_image", "detail": block.detail or "auto"}
    if block.source == "file":
        return {**image, "file_id": block.data}
    url = block.data if block.source == "url" else f"data:{block.media_type or 'image/png'};base64,{block.data}"
    return {**image, "image_url": url}


def _document(block: DocumentBlock) -> WireItem:
    match block.source:
        case "text":
            return {"type": "input_text", "text": block.data}
        case "file":
            return {"type": "input_file", "file_id": block.data}
        case "url":
            return {"type": "input_file", "file_url": block.data}
    # OpenAI asks for a name, and reads from its end what the file is.
    data = f"data:{block.media_type or 'application/pdf'};base64,{block.data}"
    return {"type": "input_file", "filename": block.name or "document.pdf", "file_data": data}


def _opaque(block: OpaqueBlock, rendering: Rendering) -> WireItem | None:
    if block.dialect == NAME:
        return dict(block.raw)
    rendering.leave_out_block(block, NAME)
    return None
