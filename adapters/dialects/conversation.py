"""Conversations for vendors who want them in order: instructions apart, and no two turns in a row of the same role."""

from __future__ import annotations

from typing import Final, Literal

from ...messages.chat import ChatMessage, Request
from ...messages.content import Content, ContentBlock, TextBlock, ToolResultBlock

INSTRUCTIONS: Final = frozenset({"system", "developer"})

_Speaker = Literal["user", "assistant"]


def split_system(request: Request) -> tuple[Content | None, list[ChatMessage]]:
    """Return the system prompt, with the instructions at the head of the conversation, and the messages that are left."""
    messages = list(request.messages)
    prompts: list[Content] = [request.system] if request.system else []
    while messages and messages[0].role in INSTRUCTIONS:
        prompts.append(messages.pop(0).content)
    return _joined(prompts), messages


def _joined(contents: list[Content]) -> Content | None:
    if len(contents) <= 1:
        return contents[0] if contents else None
    return tuple([block for content in contents for block in blocks_of(content)])


def turns(messages: list[ChatMessage]) -> list[ChatMessage]:
    """Return messages of which no two in a row have the same role: results of tools are the user's, later instructions too."""
    found: list[tuple[_Speaker, list[ContentBlock]]] = []
    for message in messages:
        role: _Speaker = "assistant" if message.role == "assistant" else "user"
        if not found or found[-1][0] != role:
            found.append((role, []))
        found[-1][1].extend(blocks_of(message.content))
    return [_turn(role, blocks) for role, blocks in found]


def _turn(role: _Speaker, blocks: list[ContentBlock]) -> ChatMessage:
    if len(blocks) == 1 and isinstance(blocks[0], TextBlock) and blocks[0].cache_control is None:
        return ChatMessage(role=role, content=blocks[0].text)
    # Results must follow their calls at once, before anything the user says about them.
    results = [block for block in blocks if isinstance(block, ToolResultBlock)]
    others = [block for block in blocks if not isinstance(block, ToolResultBlock)]
    return ChatMessage(role=role, content=(*results, *others))


def blocks_of(content: Content) -> tuple[ContentBlock, ...]:
    """Return content as blocks; text becomes one block, empty text none."""
    if isinstance(content, str):
        return (TextBlock(text=content),) if content else ()
    return content
