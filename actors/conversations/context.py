"""What of a conversation a model is shown before a request's own messages."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ...messages.chat import ChatMessage
from ...messages.conversation import Compaction, Context, Conversation, Curation, StoredMessage
from ...messages.settings.conversation import CurationSettings
from .compaction import summary_message
from .curator.curate import recent_from, shown
from .pairs import without_orphans
from .window import fitting, size_of


@attrs.frozen(kw_only=True)
class Past:
    """What is known of what was said.

    Attributes:
        conversation: The conversation.
        line: The newest messages of its main line, oldest first.
        is_whole: Whether they reach back to the beginning.
        compaction: What stands for the beginning, or None.
    """

    conversation: Conversation
    line: tuple[StoredMessage, ...]
    is_whole: bool
    compaction: Compaction | None = None

    @property
    def behind(self) -> tuple[StoredMessage, ...]:
        """The messages for which no summary stands."""
        if self.compaction is None:
            return self.line
        place = next((place for place, each in enumerate(self.line) if each.id == self.compaction.up_to_id), None)
        return self.line if place is None else self.line[place + 1 :]


def is_long(past: Past, settings: CurationSettings) -> bool:
    """Return whether a conversation is shown curated: one that fits is shown as it was said."""
    return settings.enabled and size_of([each.message for each in past.behind]) > settings.target_context_tokens


def old_part(past: Past, settings: CurationSettings) -> tuple[StoredMessage, ...]:
    """Return the messages that may be shortened."""
    behind = past.behind
    return behind[: recent_from([each.message for each in behind], settings.preserve_recent_turns)]


def context_of(
    past: Past, curations: Iterable[Curation] | None, settings: CurationSettings, max_tokens: int
) -> Context:
    """Return what a model is shown.

    Args:
        past: What was said.
        curations: Short forms of the old part; None to show all as it was said.
        settings: How the old part is shortened.
        max_tokens: Tokens, estimated, that it may have. The oldest messages are left out where there are more.
    """
    behind = past.behind
    said: tuple[ChatMessage, ...] = tuple(each.message for each in behind)
    if curations is not None:
        old = old_part(past, settings)
        said = (*shown(old, curations, settings), *said[len(old) :])
    said = without_orphans(said)
    summary = () if past.compaction is None else (summary_message(past.compaction),)
    first = fitting(said, max_tokens - size_of(summary))
    # Where not even the summary fits, it is what was said last that counts.
    if size_of(summary) > max_tokens:
        summary, first = (), fitting(said, max_tokens)
    # Asides are counted with the conversation, so this is a little too many where there are any.
    unseen = 0 if past.is_whole or past.compaction is not None else past.conversation.count - len(past.line)
    return Context(
        messages=(*summary, *said[first:]),
        history=past.line,
        left_out=first + max(0, unseen),
        is_whole=past.is_whole,
        conversation=past.conversation,
    )
