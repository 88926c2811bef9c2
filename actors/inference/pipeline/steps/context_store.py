"""What was said in this turn becomes part of its conversation."""

from __future__ import annotations

from collections.abc import Iterator

from .....messages.conversation import Append, NewMessage, Turn
from ..flow import Flow, Services


def offered(services: Services) -> bool:
    """Whether conversations are kept."""
    return services.conversations is not None


def wanted(flow: Flow) -> bool:
    """Whether it is known what is new."""
    return flow.new_messages is not None


async def run(flow: Flow) -> None:
    """Keep what was said in this turn, and the answer; the caller has it when that is durable. A turn without an answer is not kept.

    Raises:
        StoreError: It was not kept.
    """
    conversations, request = flow.services.conversations, flow.request
    assert conversations is not None
    assert request.conversation_id is not None
    await conversations.ask(
        Append(
            conversation_id=request.conversation_id,
            messages=tuple(_turn(flow)),
            asker=request.caller.identity,
            tools=flow.used_tools,
            state=flow.kept_state,
        )
    )
    conversations.leave(Turn(conversation_id=request.conversation_id))


def _turn(flow: Flow) -> Iterator[NewMessage]:
    """Yield the new messages, what tools were asked on the way, and the answer."""
    request, response, follows = flow.request, flow.response, flow.follows
    assert response is not None
    for message in (*flow.said, *flow.rounds):
        if message.role in {"system", "developer"}:
            continue  # instructions come with every request anew
        yield NewMessage(message=message, parent_id=follows, request_id=request.id)
        follows = None
    routing, usage = response.routing, response.usage
    yield NewMessage(
        message=response.message,
        parent_id=follows,
        provider=None if routing is None else routing.provider,
        model=response.model or (None if routing is None else routing.model),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        request_id=request.id,
    )
