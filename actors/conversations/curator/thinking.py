"""Leaves out a model's reasoning."""

from __future__ import annotations

import re
from typing import Final

import attrs

from ....messages.chat import ChatMessage
from ....messages.content import ContentBlock, TextBlock, ThinkingBlock

# Only at the beginning of an answer: further on it may be a quotation. Each part can be read in one way only, so it is linear.
_TAGGED: Final = re.compile(
    r"\s*<(think|thinking|thought|reasoning)>(?:(?!</\1>).)*</\1>\s*", re.IGNORECASE | re.DOTALL
)
_HEADED: Final = re.compile(r"\s*#{1,6} +Thinking[^\n]*\n(?:(?!#{1,6} )[^\n]*\n)*(?=#{1,6} )", re.IGNORECASE)


def without_thinking(message: ChatMessage) -> ChatMessage:
    """Return an assistant's message without its reasoning; any other, and one that would be empty, as it is."""
    if message.role != "assistant":
        return message
    if isinstance(message.content, str):
        return attrs.evolve(message, content=_without(message.content))
    blocks: list[ContentBlock] = []
    is_first_text = True
    for block in message.content:
        if isinstance(block, ThinkingBlock):
            continue
        if isinstance(block, TextBlock) and is_first_text:
            is_first_text = False
            text = _without(block.text)
            blocks.append(block if text == block.text else attrs.evolve(block, text=text))
        else:
            blocks.append(block)
    return attrs.evolve(message, content=tuple(blocks)) if blocks else message


def _without(text: str) -> str:
    rest = text
    while (found := _TAGGED.match(rest) or _HEADED.match(rest)) is not None:
        rest = rest[found.end() :]
    return rest if rest.strip() else text
