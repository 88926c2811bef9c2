"""What steps put before the user's last words: knowledge, a skill's text, earlier runs of tools.

It changes from turn to turn. In the system prompt it would change the beginning of every prompt, and no provider's prompt cache would hit; before the
last words it changes nothing of what was sent before them.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ....messages.chat import ChatMessage
from ....messages.content import TextBlock
from ....messages.terms import Level
from .flow import Flow


def add(flow: Flow, name: str, text: str) -> bool:
    """Put a text, marked by its name, before the user's last words, behind what was put there before. Returns whether it was.

    It is looked at as the request was: personal data is replaced where the settings want that, else kept from a request that is not restricted.
    """
    place = last_words(flow.request.messages)
    allowed = None if place is None else _allowed(flow, name, text)
    if place is None or allowed is None:
        return False
    if flow.new_messages is not None:
        remember_said(flow)
    messages = list(flow.request.messages)
    message = messages[place]
    # What is added cannot end the mark by itself, and speak for somebody else then.
    inside = allowed.replace("</", "<\\/")
    block = TextBlock(text=f"<{name}>\n{inside}\n</{name}>\n\n")
    blocks = message.blocks
    messages[place] = attrs.evolve(message, content=(*blocks[: flow.additions], block, *blocks[flow.additions :]))
    flow.additions += 1
    flow.request = attrs.evolve(flow.request, messages=tuple(messages))
    return True


def last_words(messages: Sequence[ChatMessage]) -> int | None:
    """Return the place of the user's last message, or None where there is none."""
    return next((place for place in range(len(messages) - 1, -1, -1) if messages[place].role == "user"), None)


def remember_said(flow: Flow) -> None:
    """Note the messages that are new to the conversation as they are kept: with all that was masked in them, but not shortened, and nothing added."""
    assert flow.new_messages is not None
    if not flow.said:
        messages = flow.request.messages
        flow.said = messages[len(messages) - flow.new_messages :]


def _allowed(flow: Flow, name: str, text: str) -> str | None:
    """Return the text as it may be added, or None."""
    scanner = flow.services.governance.scanner
    if scanner is None or flow.level in {None, Level.RESTRICTED} or not scanner.scan((text,)):
        return text
    if flow.services.governance.redacts:
        return scanner.redacted(text)
    flow.warn(f"{name} was left out: it holds personal data, and the request is not restricted")
    return None
