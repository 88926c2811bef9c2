"""Every text in a request that comes from its caller, whatever shape of content it stands in: to be read, and to be replaced."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import attrs

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

Rewrite: TypeAlias = Callable[[str], str]


def texts_of(request: Request) -> Iterator[str]:
    """Yield the texts of a request: system prompt and messages, in order."""
    if request.system is not None:
        yield from _texts_of(request.system)
    for message in request.messages:
        yield from _texts_of(message.content)


def _texts_of(content: Content) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    for block in content:
        yield from _texts_of_block(block)


def _texts_of_block(block: ContentBlock) -> Iterator[str]:
    if isinstance(block, (TextBlock, ThinkingBlock)):
        yield block.text
    elif isinstance(block, ToolUseBlock):
        yield block.arguments
    elif isinstance(block, ToolResultBlock):
        yield from _texts_of(block.content)
    elif isinstance(block, DocumentBlock):
        yield block.name or ""
        if block.source != "base64":
            yield block.data
    elif isinstance(block, ImageBlock):
        if block.source == "url":
            yield block.data
    elif isinstance(block, OpaqueBlock):
        yield from _texts_of_json(block.raw)


def _texts_of_json(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts_of_json(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts_of_json(each)


def rewritten(request: Request, rewrite: Rewrite) -> Request:
    """Return the request with every one of those texts as `rewrite` makes it. What does not change stays the same object."""
    messages = tuple(_message(message, rewrite) for message in request.messages)
    system = None if request.system is None else _content(request.system, rewrite)
    if system is request.system and all(new is old for new, old in zip(messages, request.messages, strict=True)):
        return request
    return attrs.evolve(request, messages=messages, system=system)


def _message(message: ChatMessage, rewrite: Rewrite) -> ChatMessage:
    content = _content(message.content, rewrite)
    return message if content is message.content else attrs.evolve(message, content=content)


def _content(content: Content, rewrite: Rewrite) -> Content:
    if isinstance(content, str):
        text = rewrite(content)
        return content if text == content else text
    blocks = tuple(_block(block, rewrite) for block in content)
    return content if all(new is old for new, old in zip(blocks, content, strict=True)) else blocks


def _block(block: ContentBlock, rewrite: Rewrite) -> ContentBlock:
    if isinstance(block, TextBlock):
        text = rewrite(block.text)
        return block if text == block.text else attrs.evolve(block, text=text)
    if isinstance(block, ThinkingBlock):
        text = rewrite(block.text)
        # The signature vouches for the text as it was.
        return block if text == block.text else attrs.evolve(block, text=text, signature=None)
    if isinstance(block, ToolUseBlock):
        arguments = _json_text(block.arguments, rewrite)
        return block if arguments == block.arguments else attrs.evolve(block, arguments=arguments)
    if isinstance(block, ToolResultBlock):
        content = _content(block.content, rewrite)
        return block if content is block.content else attrs.evolve(block, content=content)
    if isinstance(block, OpaqueBlock):
        raw = _json(block.raw, rewrite)
        return block if raw == block.raw else attrs.evolve(block, raw=raw)
    return _source(block, rewrite) if isinstance(block, (ImageBlock, DocumentBlock)) else block


def _source(block: ImageBlock | DocumentBlock, rewrite: Rewrite) -> ContentBlock:
    """Rewrite what names a picture or a document, and the text of one that is text."""
    changes: dict[str, Any] = {}
    if isinstance(block, DocumentBlock) and block.name is not None:
        changes["name"] = rewrite(block.name)
    is_text = block.source in {"text", "url", "file"} if isinstance(block, DocumentBlock) else False
    if is_text or (isinstance(block, ImageBlock) and block.source == "url"):
        changes["data"] = rewrite(block.data)
    changed: dict[str, Any] = {name: text for name, text in changes.items() if text != getattr(block, name)}
    return attrs.evolve(block, **changed) if changed else block


def _json_text(text: str, rewrite: Rewrite) -> str:
    """Rewrite the texts inside a JSON document, so that it stays one; text that is none is rewritten as it stands."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return rewrite(text)
    changed = _json(value, rewrite)
    return text if changed == value else json.dumps(changed, ensure_ascii=False)


def _json(value: Any, rewrite: Rewrite) -> Any:
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, dict):
        return {key: _json(each, rewrite) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(each, rewrite) for each in value]
    return value
