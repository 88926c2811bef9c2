"""Who has spoken last."""

from __future__ import annotations

from .flow import Flow


def is_users_turn(flow: Flow) -> bool:
    """Whether the user has said something new, and not only a tool of the client's answered."""
    messages, new = flow.request.messages, flow.new_messages
    return any(message.role == "user" for message in (messages if new is None else messages[len(messages) - new :]))
