"""The conversation that a request belongs to."""

from __future__ import annotations

import re
from typing import Final

import attrs

from .....messages.errors import InvalidRequestError
from .....messages.ids import new_id
from ..flow import Flow

# Asks for a new conversation.
NEW: Final = "new"

# Callers choose ids, which become keys of stores and parts of paths.
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")


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
        flow.request = attrs.evolve(flow.request, conversation_id=new_id("conv_", 16))
    elif not _WELL_FORMED.fullmatch(named):
        raise InvalidRequestError(
            "a conversation's id has 1 to 128 letters, digits, '_', '.', ':' and '-', a letter or digit first",
            param="conversation_id",
        )
