"""How many tokens a request has, estimated: for callers that ask before they send, where no provider counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from .chat import ChatMessage, Request, ToolDefinition
from .content import (
    AudioBlock,
    Content,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from .embedding import EmbedInput

# A token of the usual vocabularies holds about four bytes of English or code; of other scripts, in UTF-8, about three.
_ASCII_BYTES: Final = 4.0
_OTHER_BYTES: Final = 3.0

# Quotes, and a colon or a comma.
_PUNCTUATION: Final = 4

# What frames a message or a tool costs; an image of usual size; a page of a document, and the bytes of base64 that hold one.
_PER_MESSAGE: Final = 4
_PER_TOOL: Final = 12
_PER_IMAGE: Final = 1600
_PER_PAGE: Final = 1500
_PAGE_BYTES: Final = 70_000
_SOUND_BYTES: Final = 400


def estimated_input_tokens(request: Request) -> int:
    """Return about how many tokens the prompt has: system, messages and tools. Within some 15 % for text; pictures vary more."""
    total = sum(_of_message(message) for message in request.messages)
    total += _of_content(request.system) if request.system is not None else 0.0
    total += sum(_of_tool(tool) for tool in request.tools or ())
    return math.ceil(total)


def estimated_message_tokens(message: ChatMessage) -> int:
    """Return about how many tokens one message has."""
    return math.ceil(_of_message(message))


def estimated_text_tokens(request: Request) -> int:
    """Return about how many tokens the text of the prompt has; what pictures, sound and files add is left out, since nobody knows it well."""
    total = sum(_text_of(message.content) for message in request.messages)
    total += _text_of(request.system) if request.system is not None else 0.0
    total += sum(_of_tool(tool) for tool in request.tools or ())
    return math.ceil(total)


def estimated_embedding_tokens(inputs: Iterable[EmbedInput]) -> int:
    """Return about how many tokens the inputs of an embedding have."""
    return math.ceil(sum(len(each) if isinstance(each, tuple) else _of_text(each) for each in inputs))


def _text_of(content: Content) -> float:
    if isinstance(content, str):
        return _of_text(content)
    total = 0.0
    for block in content:
        if isinstance(block, ToolResultBlock):
            total += _text_of(block.content)
        elif not isinstance(block, (ImageBlock, AudioBlock, DocumentBlock)):
            total += _of_block(block)
    return total


def _of_message(message: ChatMessage) -> float:
    return _PER_MESSAGE + _of_content(message.content)


def _of_tool(tool: ToolDefinition) -> float:
    said = tool.parameters if tool.opaque is None else tool.opaque
    return _PER_TOOL + (len(tool.name) + len(tool.description or "") + _json_length(said)) / _ASCII_BYTES


def _json_length(value: object) -> int:
    """Return about how long a JSON value is when it is written, without writing it: agents send dozens of tools with every turn."""
    if isinstance(value, str):
        return len(value) + _PUNCTUATION
    if isinstance(value, Mapping):
        return sum([len(key) + _PUNCTUATION + _json_length(entry) for key, entry in value.items()])
    if isinstance(value, (list, tuple)):
        return sum([_json_length(entry) for entry in value])
    return len(str(value)) + 1


def _of_content(content: Content) -> float:
    return _of_text(content) if isinstance(content, str) else sum(_of_block(block) for block in content)


def _of_block(block: ContentBlock) -> float:
    if isinstance(block, ImageBlock):
        return _PER_IMAGE
    if isinstance(block, AudioBlock):
        return len(block.data) / _SOUND_BYTES
    if isinstance(block, DocumentBlock):
        return _of_text(block.data) if block.source == "text" else _PER_PAGE * max(1.0, len(block.data) / _PAGE_BYTES)
    if isinstance(block, ToolResultBlock):
        return _PER_MESSAGE + _of_content(block.content)
    if isinstance(block, ToolUseBlock):
        return _PER_MESSAGE + _of_text(block.name + block.arguments)
    return _of_text(str(dict(block.raw)) if isinstance(block, OpaqueBlock) else block.text)


def _of_text(text: str) -> float:
    if text.isascii():
        return len(text) / _ASCII_BYTES
    return len(text.encode("utf-8", "replace")) / _OTHER_BYTES
