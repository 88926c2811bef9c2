"""Of messages that say nearly the same shows the last alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ....messages.chat import ChatMessage
from ....messages.content import TextBlock

# Short ones ("yes", "go on") are said often and mean something else each time.
_SHORTEST: Final = 20
# A message is compared with so many of those kept after it, so that the work grows with the length of the conversation alone.
_NEAREST: Final = 20

_WORD: Final = re.compile(r"\w+")


def without_duplicates(messages: Sequence[ChatMessage], threshold: float) -> tuple[ChatMessage, ...]:
    """Return the messages without those of which a later one of the same role has nearly all words.

    Only messages of nothing but text are left out: calls and answers, pictures and the like stay.

    Args:
        messages: Oldest first.
        threshold: Share of the words of both that they must have in common.
    """
    kept: list[ChatMessage] = []
    words_kept: list[tuple[str, frozenset[str]]] = []
    for message in reversed(messages):
        words = _words(message)
        if words is not None and any(
            role == message.role and _likeness(words, others) >= threshold for role, others in words_kept[-_NEAREST:]
        ):
            continue
        kept.append(message)
        if words is not None:
            words_kept.append((message.role, words))
    kept.reverse()
    return tuple(kept)


def _words(message: ChatMessage) -> frozenset[str] | None:
    if message.role not in {"user", "assistant"} or not all(isinstance(block, TextBlock) for block in message.blocks):
        return None
    text = message.text
    return frozenset(_WORD.findall(text.lower())) if len(text) >= _SHORTEST else None


def _likeness(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """Return the share of words that two sets have in common (Jaccard); of two empty ones 0."""
    together = len(ours | theirs)
    return len(ours & theirs) / together if together else 0.0
