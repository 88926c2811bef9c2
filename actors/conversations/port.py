"""The port through which conversations reach what outlives them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from ...messages.conversation import Compaction, Conversation, Curation, ListConversations, StoredMessage


@attrs.frozen
class Link:
    """A message without its content: what is needed to find the main line."""

    seq: int
    id: str
    parent_id: str | None
    group_id: str | None
    sidechain: bool


@attrs.frozen(kw_only=True)
class PageWanted:
    """Which messages of a log are wanted.

    Attributes:
        before: Places below this one alone, or None.
        after: Places above this one alone, or None.
        newest_first: Whether the limit keeps the newest; they come oldest first in any case.
        agent_id: The aside of this agent; None for messages that are in no aside.
        everything: Whether asides are wanted too, whosever they are.
    """

    limit: int
    before: int | None = None
    after: int | None = None
    newest_first: bool = False
    agent_id: str | None = None
    everything: bool = False


class ConversationStore(Protocol):
    """Keeps conversations. Every change is kept whole or not at all, and is durable on return.

    The caller sees to it that one conversation is changed by one at a time, and that each change carries a greater version than the one before.

    Attributes:
        is_shared: Whether other hosts change conversations here, too: what was read before may be stale, and a change of what is stale is a conflict.

    Raises, wherever it is asked something:
        StoreError: It was not kept, or cannot be read now.
        StoreConflict: Somebody else has changed the conversation meanwhile.
    """

    @property
    def is_shared(self) -> bool:
        """See above."""

    async def find(self, conversation_id: str) -> Conversation | None:
        """Return a conversation."""

    async def append(self, conversation: Conversation, messages: Sequence[StoredMessage]) -> None:
        """Keep messages at the end of the log, and the conversation as it is then; it is made where it is missing."""

    async def save(self, conversation: Conversation) -> None:
        """Keep what is said about a conversation that is there."""

    async def page(self, conversation_id: str, wanted: PageWanted) -> tuple[StoredMessage, ...]:
        """Return some of its messages, oldest first."""

    async def at(self, conversation_id: str, seqs: Sequence[int]) -> tuple[StoredMessage, ...]:
        """Return the messages at these places, in their order in the log."""

    async def known(self, conversation_id: str, ids: Collection[str]) -> dict[str, int]:
        """Return which of these messages are there, and at which places."""

    async def links(self, conversation_id: str) -> tuple[Link, ...]:
        """Return the log without its contents, in order."""

    async def replace(self, conversation: Conversation, messages: Sequence[StoredMessage]) -> None:
        """Put these messages in the place of all that are there; short forms and compaction go with them."""

    async def copy(self, source_id: str, up_to: int, conversation: Conversation) -> Conversation:
        """Begin a conversation with copies of the messages of another up to a place, asides left out.

        They are numbered anew from 1, have new ids and name no parents. Returns the conversation as it is then.
        """

    async def delete(self, conversation_id: str) -> bool:
        """Forget a conversation with all its messages; returns whether it was there."""

    async def listed(self, wanted: ListConversations) -> tuple[Conversation, ...]:
        """Return conversations, the one changed last first; of two changed at the same moment the one with the greater id first."""

    async def compaction(self, conversation_id: str) -> Compaction | None:
        """Return what stands for its beginning."""

    async def compact(self, conversation_id: str, compaction: Compaction) -> None:
        """Keep what stands for its beginning, in place of what did so before; nothing where the conversation is not there."""

    async def curations(self, conversation_id: str, ids: Collection[str]) -> tuple[Curation, ...]:
        """Return the short forms of these messages, as far as there are any."""

    async def curate(self, conversation_id: str, curations: Sequence[Curation]) -> None:
        """Keep short forms, in place of those that were there; nothing where the conversation is not there."""

    async def settle(self) -> None:
        """Wait until every change that was asked for before is kept, or refused."""
