"""What somebody knows that may help with a request."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import attrs

from .content import Extra

_NOTHING: Final[Extra] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class KnowledgeWanted:
    """What is looked for, on behalf of whom.

    Attributes:
        query: The user's last words.
        limit: Entries at most (at least 1).
        min_confidence: How well an entry must fit, 0 to 1.
        caller: Identity of who asks, or None.
        conversation_id: Id of the conversation, or None.
        metadata: What the request's caller gave it.
    """

    query: str
    limit: int
    min_confidence: float
    caller: str | None = None
    conversation_id: str | None = None
    metadata: Extra = _NOTHING


@attrs.frozen(kw_only=True)
class Knowledge:
    """An entry that was found.

    Attributes:
        content: Its text.
        content_type: What it is ("fact", "document"), for the model.
        confidence: How well it fits, 0 to 1.
        source: Where it comes from, for the caller; or None.
    """

    content: str
    content_type: str = "text"
    confidence: float = 1.0
    source: str | None = None
