"""The conversation that a request belongs to."""

from __future__ import annotations

from typing import Final

import attrs

from .....messages.conversation import NO_CONVERSATION_ID, is_conversation_id, new_conversation_id
from .....messages.errors import InvalidRequestError
from ..flow import Flow

# Asks for a new conversation.
NEW: Final = "new"


def wanted(flow: Flow) -> bool:
    """Whether the request names a conversation, or shall have one."""
    return flow.request.conversation_id is not None or flow.services.assign_conversation_ids


def run(flow: Flow) -> None:
    """Check the conversation's id, or give a new conversation its own.

    Raises:
        InvalidRequestError: The id is no id.
    """
    named = flow.request.conversation_id
    if named is None or named == NEW:
        flow.request = attrs.evolve(flow.request, conversation_id=new_conversation_id())
    elif not is_conversation_id(named):
        raise InvalidRequestError(NO_CONVERSATION_ID, param="conversation_id")
