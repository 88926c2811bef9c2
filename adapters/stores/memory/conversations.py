"""Conversations in memory."""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterable, Sequence

import attrs

from ....actors.conversations.port import Link, PageWanted
from ....messages.conversation import (
    Compaction,
    Conversation,
    Curation,
    ListConversations,
    StoredMessage,
    new_message_id,
)
from ....messages.errors import StoreConflict

_NAME = "memory"


@attrs.define
class _Kept:
    """A conversation with all that belongs to it; messages by their places, in order."""

    head: Conversation
    log: dict[int, StoredMessage] = attrs.field(factory=dict)
    places: dict[str, int] = attrs.field(factory=dict)
    curations: dict[str, Curation] = attrs.field(factory=dict)
    compaction: Compaction | None = None

    def add(self, messages: Iterable[StoredMessage]) -> None:
        for message in messages:
            self.log[message.seq] = message
            self.places[message.id] = message.seq


class MemoryConversations:
    """Keeps the conversations that were used last.

    Args:
        capacity: Conversations kept; one more, and the one that was unused for longest goes.
    """

    is_shared = False

    def __init__(self, capacity: int = 1000) -> None:
        self._capacity = capacity
        self._kept: collections.OrderedDict[str, _Kept] = collections.OrderedDict()

    async def find(self, conversation_id: str) -> Conversation | None:
        """Return a conversation."""
        kept = self._used(conversation_id)
        return None if kept is None else kept.head

    async def append(self, conversation: Conversation, messages: Sequence[StoredMessage]) -> None:
        """Keep messages at the end of the log."""
        kept = self._kept.get(conversation.id)
        places = {message.seq for message in messages}
        if len(places) < len(messages) or len({message.id for message in messages}) < len(messages):
            raise _conflict(conversation)
        if kept is not None and any(each.seq in kept.log or each.id in kept.places for each in messages):
            raise _conflict(conversation)
        if kept is None:
            kept = self._kept[conversation.id] = _Kept(conversation)
        kept.head = conversation
        kept.add(messages)
        self._used(conversation.id)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    async def save(self, conversation: Conversation) -> None:
        """Keep what is said about a conversation that is there."""
        kept = self._used(conversation.id)
        if kept is not None:
            kept.head = conversation

    async def page(self, conversation_id: str, wanted: PageWanted) -> tuple[StoredMessage, ...]:
        """Return some of its messages."""
        found = [message for message in self._log(conversation_id) if _fits(message, wanted)]
        return tuple(found[-wanted.limit :] if wanted.newest_first else found[: wanted.limit])

    async def at(self, conversation_id: str, seqs: Sequence[int]) -> tuple[StoredMessage, ...]:
        """Return the messages at these places."""
        wanted = set(seqs)
        return tuple(message for message in self._log(conversation_id) if message.seq in wanted)

    async def known(self, conversation_id: str, ids: Collection[str]) -> dict[str, int]:
        """Return which of these messages are there."""
        kept = self._used(conversation_id)
        return {} if kept is None else {each: kept.places[each] for each in ids if each in kept.places}

    async def links(self, conversation_id: str) -> tuple[Link, ...]:
        """Return the log without its contents."""
        return tuple(
            Link(each.seq, each.id, each.parent_id, each.group_id, each.sidechain)
            for each in self._log(conversation_id)
        )

    async def replace(self, conversation: Conversation, messages: Sequence[StoredMessage]) -> None:
        """Put these messages in the place of all that are there."""
        kept = _Kept(conversation)
        kept.add(messages)
        if conversation.id in self._kept:
            self._kept[conversation.id] = kept

    async def copy(self, source_id: str, up_to: int, conversation: Conversation) -> Conversation:
        """Begin a conversation with copies."""
        if conversation.id in self._kept:
            raise _conflict(conversation)
        source = [each for each in self._log(source_id) if each.seq <= up_to and not each.sidechain]
        copies = [
            attrs.evolve(each, seq=seq, id=new_message_id(), parent_id=None) for seq, each in enumerate(source, 1)
        ]
        made = attrs.evolve(conversation, last_seq=len(copies), count=len(copies), is_linked=False)
        await self.append(made, copies)
        return made

    async def delete(self, conversation_id: str) -> bool:
        """Forget a conversation."""
        return self._kept.pop(conversation_id, None) is not None

    async def listed(self, wanted: ListConversations) -> tuple[Conversation, ...]:
        """Return conversations, the one changed last first."""
        heads = (kept.head for kept in self._kept.values())
        after = None if wanted.after is None else _place(wanted.after)
        found = [
            head
            for head in heads
            if (wanted.owner is None or head.owner == wanted.owner) and (after is None or _place(head) < after)
        ]
        return tuple(sorted(found, key=_place, reverse=True)[: wanted.limit])

    async def compaction(self, conversation_id: str) -> Compaction | None:
        """Return what stands for its beginning."""
        kept = self._used(conversation_id)
        return None if kept is None else kept.compaction

    async def compact(self, conversation_id: str, compaction: Compaction) -> None:
        """Keep what stands for its beginning."""
        kept = self._used(conversation_id)
        if kept is not None:
            kept.compaction = compaction

    async def curations(self, conversation_id: str, ids: Collection[str]) -> tuple[Curation, ...]:
        """Return the short forms of these messages."""
        kept = self._used(conversation_id)
        return () if kept is None else tuple(kept.curations[each] for each in ids if each in kept.curations)

    async def curate(self, conversation_id: str, curations: Sequence[Curation]) -> None:
        """Keep short forms."""
        kept = self._used(conversation_id)
        if kept is not None:
            kept.curations.update({each.message_id: each for each in curations})

    async def settle(self) -> None:
        """Nothing is ever under way."""

    def _used(self, conversation_id: str) -> _Kept | None:
        kept = self._kept.get(conversation_id)
        if kept is not None:
            self._kept.move_to_end(conversation_id)
        return kept

    def _log(self, conversation_id: str) -> Iterable[StoredMessage]:
        kept = self._used(conversation_id)
        return () if kept is None else kept.log.values()


def _fits(message: StoredMessage, wanted: PageWanted) -> bool:
    if not wanted.everything:
        is_wanted = not message.sidechain if wanted.agent_id is None else message.agent_id == wanted.agent_id
        if not is_wanted or (wanted.agent_id is not None and not message.sidechain):
            return False
    return (wanted.before is None or message.seq < wanted.before) and (
        wanted.after is None or message.seq > wanted.after
    )


def _place(conversation: Conversation) -> tuple[float, str]:
    return conversation.updated_at, conversation.id


def _conflict(conversation: Conversation) -> StoreConflict:
    return StoreConflict(f"conversation {conversation.id}: has been changed meanwhile", store=_NAME)
