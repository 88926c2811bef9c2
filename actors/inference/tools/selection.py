"""Which tools a request is offered."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ....messages.chat import ChatMessage, ToolDefinition
from ....messages.tools import Tool
from .toolset import Toolset, words_of

# What a client's harness adds to the user's words; it is no wish of the user's.
_REMINDER: Final = re.compile(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.DOTALL)


def triggered(toolset: Toolset, messages: Sequence[ChatMessage], *, depth: int, limit: int) -> tuple[Tool, ...]:
    """Return the deferred tools that the user's words call for: of too many, those with the most words, then by name.

    Args:
        toolset: The tools there are.
        messages: The conversation.
        depth: So many messages at its end are looked at, and of them the user's own.
        limit: Tools at most.
    """
    found: collections.Counter[str] = collections.Counter()
    # Each word once: who repeats a word does not ask for the tool more than who says it once.
    for word in set(users_words(messages[-depth:])):
        for tool in toolset.by_word.get(word, ()):
            found[tool.name] += 1
    names = sorted(found, key=lambda name: (-found[name], name))
    return tuple(toolset.by_name[name] for name in names[:limit])


def users_words(messages: Iterable[ChatMessage]) -> Iterator[str]:
    """Yield the words that the user said in some messages, in order, in lower case."""
    for message in messages:
        if message.role == "user":
            yield from words_of(_REMINDER.sub(" ", message.text))


def offered(
    own: Sequence[ToolDefinition],
    candidates: Iterable[Tool],
    *,
    suppressed: frozenset[str] = frozenset(),
) -> tuple[Tool, ...]:
    """Return those of the candidates that are offered beside the client's own: each name once, and the client's goes first."""
    taken = {definition.name for definition in own} | suppressed
    chosen: dict[str, Tool] = {}
    for tool in candidates:
        if tool.name not in taken:
            chosen.setdefault(tool.name, tool)
    return tuple(chosen.values())


def definitions(own: Sequence[ToolDefinition], chosen: Iterable[Tool]) -> tuple[ToolDefinition, ...]:
    """Return what the model is told: the client's tools as the client orders them, then ours by name.

    Ours are sorted so that the same set is the same text from turn to turn, and a provider's prompt cache keeps hitting.
    """
    return (*own, *sorted((tool.definition for tool in chosen), key=lambda definition: definition.name))
