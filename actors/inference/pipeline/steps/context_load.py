"""What was said before in the request's conversation."""

from __future__ import annotations

from typing import Final

import attrs

from .....messages.conversation import Context, ContextWanted
from .....messages.errors import StoreError
from .....messages.tokens import estimated_input_tokens
from ....conversations.resend import continuation
from ..flow import Flow, Services

# Asks for a new conversation, as step conversation_uuid has it: nothing was said before.
_NEW: Final = (None, "new")


def offered(services: Services) -> bool:
    """Whether conversations are kept."""
    return services.conversations is not None


async def run(flow: Flow) -> None:
    """Put what was said before in the conversation before the request's messages, as much as fits; a client that sends it again itself sends it once.

    Raises:
        NotFoundError: The conversation is somebody else's.
        StoreError: It cannot be read now, and the settings do not say to go on without it.
    """
    past = flow.past = await _past(flow)
    request = flow.request
    history = [stored.message for stored in past.history]
    found = continuation(history, request.messages, is_whole=past.is_whole)
    flow.new_messages = len(request.messages) - found.new_from
    if found.after < len(history) - 1:
        flow.follows = past.history[found.after].id
    if found.is_resent or not past.messages:
        return
    before, said = request.messages[: found.new_from], request.messages[found.new_from :]
    flow.request = attrs.evolve(request, messages=(*before, *past.messages, *said))
    flow.timeline.add("context:loaded", source="conversations", data={"messages": len(past.messages)})
    if past.left_out:
        flow.enrichments["context:left_out"] = past.left_out
        flow.warn(f"about {past.left_out} older messages of the conversation do not fit and were left out")


async def _past(flow: Flow) -> Context:
    services, request = flow.services, flow.request
    assert services.conversations is not None
    assert request.conversation_id is not None
    if flow.original.conversation_id in _NEW:
        return Context()
    wanted = ContextWanted(
        conversation_id=request.conversation_id,
        max_tokens=max(0, services.conversation.context_tokens - estimated_input_tokens(request)),
        asker=request.caller.identity,
    )
    try:
        return await services.conversations.ask(wanted)
    except StoreError as error:
        if services.conversation.on_store_failure == "refuse":
            raise
        flow.warn(f"what was said before in the conversation is not known to this answer: {error}")
        return Context()
