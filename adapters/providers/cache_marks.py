"""Marks for the prompt cache of a provider that keeps only what is marked: on what stays the same from turn to turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs

from ...messages.chat import ChatMessage, Request
from ...messages.content import Content, ContentBlock, OpaqueBlock, TextBlock, ThinkingBlock
from ...messages.settings import PromptCachingSettings
from ...messages.tokens import estimated_text_tokens
from ..dialects.anthropic.words import NAME

# Whether a model takes marks in messages, and whether among its tools.
Takes: TypeAlias = Callable[[str], tuple[bool, bool]]

# What was said before, and what is said now.
_A_CONVERSATION: Final = 2


class CacheMarks:
    """Marks requests.

    Args:
        settings: What is marked.
        takes: Which marks a model takes.
    """

    def __init__(self, settings: PromptCachingSettings, takes: Takes) -> None:
        self._settings = settings
        self._takes = takes
        self._mark: Mapping[str, Any] = {"type": "ephemeral"} | ({} if settings.ttl is None else {"ttl": settings.ttl})

    def put(self, request: Request, model: str) -> Request:
        """Return the request with its marks; as it is where it is short, has marks, or came in the dialect that they belong to."""
        settings = self._settings
        in_messages, among_tools = self._takes(model)
        if request.dialect == NAME or not (in_messages or among_tools) or any(_marks_of(request)):
            return request
        if estimated_text_tokens(request) < settings.min_tokens:
            return request
        changes: dict[str, Any] = {}
        if settings.cache_tools and among_tools and request.tools:
            *others, last = request.tools
            changes["tools"] = (*others, attrs.evolve(last, cache_control=self._mark))
        if in_messages:
            if settings.cache_system_prompt and request.system:
                changes["system"] = self._marked(request.system)
            if settings.cache_conversation and len(request.messages) >= _A_CONVERSATION:
                changes["messages"] = self._conversation(request.messages)
        return attrs.evolve(request, **changes) if changes else request

    def _conversation(self, messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
        *before, prior, last = messages
        return (*before, attrs.evolve(prior, content=self._marked(prior.content)), last)

    def _marked(self, content: Content) -> Content:
        """Return a content with a mark on its last block that can have one."""
        blocks: list[Any] = [TextBlock(text=content)] if isinstance(content, str) else list(content)
        for place in range(len(blocks) - 1, -1, -1):
            block = blocks[place]
            if _can_have_one(block):
                blocks[place] = attrs.evolve(block, cache_control=self._mark)
                return tuple(blocks)
        return content


def _can_have_one(block: ContentBlock) -> bool:
    if isinstance(block, TextBlock):
        return bool(block.text.strip())
    return not isinstance(block, (ThinkingBlock, OpaqueBlock)) and hasattr(block, "cache_control")


def _marks_of(request: Request) -> Iterator[bool]:
    """Yield for each place of a request where a mark may stand whether one does."""
    for content in (request.system or (), *(message.content for message in request.messages)):
        if not isinstance(content, str):
            for block in content:
                yield isinstance(block, OpaqueBlock) or getattr(block, "cache_control", None) is not None
    for tool in request.tools or ():
        yield tool.cache_control is not None
