"""How many tokens a call will use, as far as that can be told before it is made."""

from __future__ import annotations

from ...messages.embedding import EmbedCall
from ...messages.routing import Call, StreamCall
from ...messages.tokens import estimated_embedding_tokens, estimated_input_tokens


def input_tokens(message: Call | StreamCall | EmbedCall) -> int:
    """Return about how many tokens go in."""
    if isinstance(message, EmbedCall):
        return estimated_embedding_tokens(message.batch.inputs)
    return estimated_input_tokens(message.request)


def most_output_tokens(message: Call | StreamCall | EmbedCall) -> int | None:
    """Return how many tokens may come out, or None if nobody has set a limit."""
    return 0 if isinstance(message, EmbedCall) else message.request.generation.max_tokens
