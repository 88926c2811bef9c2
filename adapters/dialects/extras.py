"""Fields without a name of ours, and whose they are.

What a client says in its dialect goes along where that dialect is spoken. What a provider has said comes back with the conversation, from a host or a
store, and may then be on its way to another vendor: so the fields of an answer are marked with the dialect they came in.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from ...messages.chat import ChatMessage
from ...messages.content import ContentBlock, Extra, OpaqueBlock

_OF: Final = "legion.of"


def own(extra: Extra, name: str) -> Extra:
    """Return those fields that may go out in the dialect `name`."""
    if not extra or _OF not in extra:
        return extra
    return {key: value for key, value in extra.items() if key != _OF} if extra[_OF] == name else {}


def is_marked(extra: Extra) -> bool:
    """Return whether a provider has said these fields."""
    return _OF in extra


def marked(message: ChatMessage, name: str) -> ChatMessage:
    """Return a provider's message with every field without a name of ours marked as one of the dialect `name`."""
    changes: dict[str, Any] = {"extra": {**message.extra, _OF: name}} if message.extra else {}
    content = message.content
    if not isinstance(content, str) and any(_has_extra(block) for block in content):
        changes["content"] = tuple([_marked(block, name) for block in content])
    return attrs.evolve(message, **changes) if changes else message


def _has_extra(block: ContentBlock) -> bool:
    return not isinstance(block, OpaqueBlock) and bool(block.extra)


def _marked(block: ContentBlock, name: str) -> ContentBlock:
    return block if isinstance(block, OpaqueBlock) or not block.extra else _evolved(block, name)


def _evolved(block: Any, name: str) -> Any:
    return attrs.evolve(block, extra={**block.extra, _OF: name})
