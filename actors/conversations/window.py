"""What of a conversation fits into a window of so many tokens."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ...messages.chat import ChatMessage
from ...messages.tokens import estimated_message_tokens
from .pairs import safe_starts


def fitting(messages: Sequence[ChatMessage], max_tokens: int) -> int:
    """Return the place of the first message to keep, so that the rest has no more than `max_tokens`, by estimate.

    The newest are kept, as many as fit; tool calls and their answers stay together. What is kept begins with a user's message where there is one to
    begin with, since some providers take nothing else. Where nothing fits, nothing is kept.
    """
    sizes = [estimated_message_tokens(message) for message in messages]
    behind = [0, *itertools.accumulate(reversed(sizes))]
    fits = [place for place in safe_starts(messages) if behind[len(messages) - place] <= max_tokens]
    if not fits or fits[0] == 0:
        return fits[0] if fits else len(messages)
    for place in fits:
        if place == len(messages) or messages[place].role == "user":
            return place
    return fits[0]


def size_of(messages: Sequence[ChatMessage]) -> int:
    """Return about how many tokens the messages have."""
    return sum(estimated_message_tokens(message) for message in messages)
