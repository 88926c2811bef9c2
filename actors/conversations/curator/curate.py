"""Puts the strategies together: message by message after the turn, and over the whole when it is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import attrs

from ....messages.chat import ChatMessage
from ....messages.conversation import Curation, StoredMessage
from ....messages.settings.conversation import CurationSettings
from ..pairs import answers_of
from .dedup import without_duplicates
from .fold import folded
from .superseded import without_superseded
from .thinking import without_thinking
from .tool_results import distilled


def recent_from(messages: Sequence[ChatMessage], turns: int) -> int:
    """Return the place at which the last so many turns begin; a turn begins with what a user says, not with a tool's answer."""
    places = [place for place, message in enumerate(messages) if message.role == "user" and not answers_of(message)]
    return places[-turns] if len(places) >= turns else 0


def curated(message: ChatMessage, names: Mapping[str, str], settings: CurationSettings) -> ChatMessage:
    """Return the short form of one message; the message itself where there is none."""
    if settings.thinking_eviction:
        message = without_thinking(message)
    return distilled(message, names, settings.tool_result_max_chars)


def curations_of(messages: Sequence[StoredMessage], settings: CurationSettings) -> tuple[Curation, ...]:
    """Return the short forms of those messages that have one."""
    names = tool_names(stored.message for stored in messages)
    found = []
    for stored in messages:
        short = curated(stored.message, names, settings)
        if short != stored.message:
            source = source_of(stored.message, settings)
            found.append(Curation(message_id=stored.id, source=source, content=short.content))
    return tuple(found)


def shown(
    messages: Sequence[StoredMessage], curations: Iterable[Curation], settings: CurationSettings
) -> tuple[ChatMessage, ...]:
    """Return what a model is shown of messages that are not recent.

    Args:
        messages: Oldest first.
        curations: Short forms; one whose message, or whose settings, are no longer those it was made of is not used.
        settings: Which strategies are wanted.
    """
    short = {each.message_id: each for each in curations}
    found: Sequence[ChatMessage] = [_short_or_whole(stored, short, settings) for stored in messages]
    if settings.superseded_eviction:
        found = without_superseded(found)
    if settings.dedup_enabled:
        found = without_duplicates(found, settings.dedup_threshold)
    # Last: with a duplicate gone, what is left beside it may be an exchange to be folded.
    if settings.exchange_folding:
        found = folded(found)
    return tuple(found)


def source_of(message: ChatMessage, settings: CurationSettings) -> str:
    """Return what a short form is made of, as a hash: the message, and how it was to be shortened."""
    how = (settings.thinking_eviction, settings.tool_result_max_chars)
    return hashlib.sha256(repr((how, message.role, message.content)).encode("utf-8", "replace")).hexdigest()


def tool_names(messages: Iterable[ChatMessage]) -> dict[str, str]:
    """Return the names of the tools by the ids of their calls."""
    return {call.id: call.name for message in messages for call in message.tool_calls}


def _short_or_whole(stored: StoredMessage, short: Mapping[str, Curation], settings: CurationSettings) -> ChatMessage:
    curation = short.get(stored.id)
    if curation is None or curation.source != source_of(stored.message, settings):
        return stored.message
    return attrs.evolve(stored.message, content=curation.content)
