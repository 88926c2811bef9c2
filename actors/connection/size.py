"""How many tokens a call will use, as far as that can be told before it is made."""

from __future__ import annotations

import math

from ...messages.embedding import EmbedCall, EmbedInput
from ...messages.routing import Call, StreamCall
from ...messages.tokens import estimated_input_tokens

# A token of the usual vocabularies holds about four bytes.
_BYTES_PER_TOKEN = 4


def input_tokens(message: Call | StreamCall | EmbedCall) -> int:
    """Return about how many tokens go in."""
    if isinstance(message, EmbedCall):
        return sum(_of_text(each) for each in message.batch.inputs)
    return estimated_input_tokens(message.request)


def most_output_tokens(message: Call | StreamCall | EmbedCall) -> int | None:
    """Return how many tokens may come out, or None if nobody has set a limit."""
    return 0 if isinstance(message, EmbedCall) else message.request.generation.max_tokens


def _of_text(text: EmbedInput) -> int:
    return len(text) if isinstance(text, tuple) else math.ceil(len(text.encode("utf-8", "replace")) / _BYTES_PER_TOKEN)
