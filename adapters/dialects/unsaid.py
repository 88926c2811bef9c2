"""What an answer holds and a client's dialect has no place for: its renderer leaves that out, and the answer's warnings tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ...messages.chat import ChatMessage
from ...messages.content import (
    AudioBlock,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    OpaqueBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)
from .anthropic.words import NAME as ANTHROPIC
from .gemini.words import NAME as GEMINI
from .ollama.words import NAME as OLLAMA
from .openai_chat.words import NAME as CHAT
from .openai_responses.words import NAME as RESPONSES
from .rendering import article

_EVERYBODYS: Final = (TextBlock, ThinkingBlock, ToolUseBlock)
_SHOWN: Final[Mapping[str, tuple[type, ...]]] = {
    ANTHROPIC: (ImageBlock,),
    CHAT: (ImageBlock, AudioBlock),
    GEMINI: (ImageBlock, AudioBlock, DocumentBlock),
    OLLAMA: (ImageBlock,),
    RESPONSES: (ImageBlock,),
}


def unsaid(message: ChatMessage, dialect: str) -> tuple[str, ...]:
    """Return a warning for each kind of block of an answer that clients of `dialect` are not shown."""
    if isinstance(message.content, str):
        return ()
    return tuple(dict.fromkeys(_warnings(message.content, dialect)))


def _warnings(blocks: tuple[ContentBlock, ...], dialect: str) -> Iterator[str]:
    shown = (*_EVERYBODYS, *_SHOWN.get(dialect, ()))
    for block in blocks:
        if isinstance(block, OpaqueBlock) and block.dialect != dialect:
            yield f"{article(block.kind)} {block.kind} block of {block.dialect} was left out of the answer: {dialect} has none"
        elif not isinstance(block, (OpaqueBlock, *shown)):
            yield f"{block.type} was left out of the answer: {dialect} has no place for it"
