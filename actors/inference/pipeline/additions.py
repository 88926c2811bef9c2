"""What steps put before the user's last words: knowledge, a skill's text, earlier runs of tools.

It changes from turn to turn. In the system prompt it would change the beginning of every prompt, and no provider's prompt cache would hit; before the
last words it changes nothing of what was sent before them.
"""

from __future__ import annotations

import attrs

from ....messages.content import TextBlock
from ....messages.terms import Level
from .flow import Flow
from .spoken import place_of_last_words


def add(flow: Flow, name: str, text: str) -> bool:
    """Have a text, marked by its name, put before the user's last words, behind what was added before it. Returns whether it will be.

    It is looked at as the request was: personal data is replaced where the settings want that, else kept from a request that is not restricted.
    """
    allowed = _allowed(flow, name, text)
    if allowed is None or place_of_last_words(flow.request.messages) is None:
        return False
    # What is added cannot end the mark by itself, and speak for somebody else then.
    inside = allowed.replace("</", "<\\/")
    flow.additions.append(TextBlock(text=f"<{name}>\n{inside}\n</{name}>\n\n"))
    return True


def put_in_place(flow: Flow) -> None:
    """Put what was added before the user's last words; from then on the request is as long as it will be."""
    if flow.new_messages is not None:
        remember_said(flow)
    messages = list(flow.request.messages)
    place = place_of_last_words(messages)
    assert place is not None  # `add` has looked
    message = messages[place]
    messages[place] = attrs.evolve(message, content=(*flow.additions, *message.blocks))
    flow.request = attrs.evolve(flow.request, messages=tuple(messages))


def remember_said(flow: Flow) -> None:
    """Note the messages that are new to the conversation as they are kept: with all that was masked in them, but not shortened, and nothing added."""
    assert flow.new_messages is not None
    if not flow.said:
        messages = flow.request.messages
        flow.said = messages[len(messages) - flow.new_messages :]


def _allowed(flow: Flow, name: str, text: str) -> str | None:
    """Return the text as it may be added, or None."""
    scanner = flow.services.governance.scanner
    if scanner is None or flow.level is None or not scanner.scan((text,)):
        return text
    if flow.services.governance.redacts:
        return scanner.redacted(text)
    if flow.level is Level.RESTRICTED:
        return text
    flow.warn(f"{name} was left out: it holds personal data, and the request is not restricted")
    return None
