"""Tells a question that was asked back and settled as one note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ....messages.chat import ChatMessage
from ....messages.content import TextBlock

_WINDOW: Final = 4
_SHORT: Final = 500
_QUOTED: Final = 300
# How a note begins; a note is no user's message, so it is never folded again.
MARK: Final = "[settled earlier]"

_CUE: Final = re.compile(
    r"\b(?:understood|got it|i see|makes sense|right|agreed?|correct|exactly|yes)\b", re.IGNORECASE
)
_CONCLUSION: Final = re.compile(
    r"\b(?:so|in short|to sum up|in summary|therefore|conclusion|decided|done)\b", re.IGNORECASE
)


def folded(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the messages with each settled exchange of four, question, question back, answer, conclusion, as one note.

    Only messages of nothing but text are folded.
    """
    done: list[ChatMessage] = []
    place = 0
    while place < len(messages):
        window = messages[place : place + _WINDOW]
        if _is_settled(window):
            done.append(ChatMessage(role="system", content=f"{MARK} {window[-1].text[:_QUOTED]}"))
            place += _WINDOW
        else:
            done.append(messages[place])
            place += 1
    return tuple(done)


def _is_settled(window: Sequence[ChatMessage]) -> bool:
    if [message.role for message in window] != ["user", "assistant", "user", "assistant"]:
        return False
    if not all(isinstance(block, TextBlock) for message in window for block in message.blocks):
        return False
    conclusion = window[-1].text
    if not any(_CUE.search(message.text[:_SHORT]) for message in window[1:]):
        return False
    return len(conclusion) < _SHORT or _CONCLUSION.search(conclusion[:_SHORT]) is not None
