"""Items of earlier answers, which a client names instead of sending them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ....messages.chat import ChatMessage
from ....messages.content import ContentBlock, OpaqueBlock
from ....messages.errors import InvalidRequestError
from .input_parsing import parse_turn_item
from .words import NAME, REFERENCE


def references(messages: Iterable[ChatMessage]) -> list[str]:
    """Return the ids of the items that the messages name, in order."""
    return [
        item_id
        for message in messages
        if message.role == "assistant"
        for block in message.blocks
        if (item_id := _named(block)) is not None
    ]


def resolved(messages: Iterable[ChatMessage], items: Mapping[str, Mapping[str, Any]]) -> tuple[ChatMessage, ...]:
    """Return the messages with the items in the places where they are named.

    Raises:
        InvalidRequestError: One is not among the items.
    """
    return tuple([_resolved(message, items) if message.role == "assistant" else message for message in messages])


def _resolved(message: ChatMessage, items: Mapping[str, Mapping[str, Any]]) -> ChatMessage:
    blocks: list[ContentBlock] = []
    for block in message.blocks:
        item_id = _named(block)
        if item_id is None:
            blocks.append(block)
        elif item_id in items:
            blocks += parse_turn_item(items[item_id], "input")
        else:
            raise InvalidRequestError(f"Item with id {item_id[:100]!r} not found.", param="input")
    return attrs.evolve(message, content=tuple(blocks))


def _named(block: ContentBlock) -> str | None:
    """Return the id of the item that a block names, or None for a block that names none."""
    if not isinstance(block, OpaqueBlock) or block.dialect != NAME or block.raw.get("type") != REFERENCE:
        return None
    item_id = block.raw["id"]
    assert isinstance(item_id, str)
    return item_id
