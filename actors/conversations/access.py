"""Who may see a conversation."""

from __future__ import annotations

from ...messages.conversation import Conversation
from ...messages.errors import NotFoundError


def may_see(head: Conversation, asker: str | None) -> bool:
    """Whether a conversation is there for somebody: the host sees all, a caller its own and nobody's."""
    return asker is None or head.owner is None or head.owner == asker


def refuse_others(head: Conversation, asker: str | None) -> None:
    """Go on only for those who may see a conversation.

    Raises:
        NotFoundError: It is somebody else's, which is not told.
    """
    if not may_see(head, asker):
        raise not_found(head.id)


def not_found(conversation_id: str) -> NotFoundError:
    """Return the error for a conversation that is not there."""
    return NotFoundError(f"no conversation {conversation_id!r}")
