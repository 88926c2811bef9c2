"""Who has spoken last."""

from __future__ import annotations

from collections.abc import Sequence

from ....messages.chat import ChatMessage
from .flow import Flow


def is_users_turn(flow: Flow) -> bool:
    """Whether the user has said something new, and not only a tool of the client's answered."""
    messages, new = flow.request.messages, flow.new_messages
    return any(message.role == "user" for message in (messages if new is None else messages[len(messages) - new :]))


def place_of_last_words(messages: Sequence[ChatMessage]) -> int | None:
    """Return the place of the user's last message, or None where there is none."""
    return next((place for place in range(len(messages) - 1, -1, -1) if messages[place].role == "user"), None)


def last_words(flow: Flow) -> str:
    """Return what the user said last."""
    messages = flow.request.messages
    place = place_of_last_words(messages)
    return "" if place is None else messages[place].text
