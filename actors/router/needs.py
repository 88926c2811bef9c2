"""What a request asks of the router: what it names and wants, what a model must be able to do, and how much must fit."""

from __future__ import annotations

from typing import Final

from ...messages.catalogue import Capability
from ...messages.chat import Request
from ...messages.content import (
    AudioBlock,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from ...messages.routing import Needs, Route
from ...messages.tokens import estimated_input_tokens

_PLAIN: Final = Needs()

# A prompt of fewer characters fits every window: its tokens are not counted. A tool is taken to have so many.
_SHORT: Final = 6000
_TOOL: Final = 400


def route_of(request: Request, *, is_attempted: bool = True) -> Route:
    """Return what the router is asked about a request; `is_attempted` as of `Route`."""
    return Route(
        model=request.model,
        provider=request.provider,
        tier=request.tier,
        intent=request.intent,
        needs=needs_of(request),
        exclude=request.exclude,
        affinity=request.affinity,
        is_attempted=is_attempted,
    )


def needs_of(request: Request) -> Needs:
    """Return what the request needs. Nothing is counted that cannot matter, so a short request costs next to nothing."""
    needed: set[Capability] = set()
    characters = _TOOL * len(request.tools) if request.tools else 0
    for message in request.messages:
        content = message.content
        characters += len(content) if isinstance(content, str) else _read(content, needed)
    if request.tools and (request.tool_choice is None or request.tool_choice.mode != "none"):
        needed.add(Capability.TOOLS)
    if request.response_format is not None and request.response_format.type == "json_schema":
        needed.add(Capability.STRUCTURED)
    most = request.generation.max_tokens or 0
    counted = estimated_input_tokens(request) if characters >= _SHORT else 0
    if not needed and not counted and not most:
        return _PLAIN
    needed.add(Capability.CHAT)
    return Needs(capabilities=frozenset(needed), input_tokens=counted, output_tokens=most)


def _read(blocks: tuple[ContentBlock, ...], needed: set[Capability]) -> int:
    """Note what the blocks need, and return about how many characters they have."""
    characters = 0
    for block in blocks:
        match block:
            case TextBlock() | ThinkingBlock():
                characters += len(block.text)
            case ToolUseBlock():
                characters += len(block.arguments)
            case ToolResultBlock():
                inner = block.content
                characters += len(inner) if isinstance(inner, str) else _read(inner, needed)
            case DocumentBlock(source="text"):
                characters += len(block.data)
            case ImageBlock() | AudioBlock() | DocumentBlock():
                needed.add(_capability(block))
                characters += _SHORT  # whatever is no text is worth counting
            case _:
                characters += _SHORT
    return characters


def _capability(block: ImageBlock | AudioBlock | DocumentBlock) -> Capability:
    if isinstance(block, ImageBlock):
        return Capability.VISION
    return Capability.AUDIO if isinstance(block, AudioBlock) else Capability.DOCUMENTS
