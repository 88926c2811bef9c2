"""Changes conversations, one by one change at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import attrs

from ...messages.conversation import (
    Append,
    Branch,
    Change,
    Conversation,
    Delete,
    NewMessage,
    Replace,
    SetCancelled,
    SetState,
    StoredMessage,
)
from ...messages.errors import InvalidRequestError, NotFoundError, StoreConflict, StoreError
from ...messages.settings import ToolStickySettings
from .access import may_see, not_found, refuse_others
from .desk import Desk, Desks
from .log import changed, entered, grown
from .pairs import end_of_turn
from .port import ConversationStore, PageWanted
from .shelf import Shelf
from .state import state_after

# Hosts that share a store may append to one conversation at the same moment. Who was slower looks again, so many times.
_TRIES: Final = 5

# Messages behind one that are looked at for the answers to its calls.
_LOOK_AHEAD: Final = 100


class Editor:
    """Changes conversations in the store and on their desks.

    Args:
        store: Where conversations are kept.
        shelf: Reads them.
        desks: Those at hand.
        now: Unix seconds.
        sticky: How long tools stay at hand.
    """

    def __init__(
        self,
        store: ConversationStore,
        shelf: Shelf,
        desks: Desks,
        now: Callable[[], float],
        sticky: ToolStickySettings,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._desks = desks
        self._now = now
        self._sticky = sticky

    async def append(self, message: Append) -> tuple[StoredMessage, ...]:
        """Keep messages at the end of a log; those whose ids are there already are not kept again."""
        tries = _TRIES if self._store.is_shared else 1
        while True:
            try:
                return await self._append(message)
            except StoreConflict:
                tries -= 1
                if not tries:
                    raise

    async def _append(self, message: Append) -> tuple[StoredMessage, ...]:
        now = self._now()
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.head(desk)
            if head is None:
                if not message.creates:
                    raise not_found(message.conversation_id)
                head = Conversation(id=desk.id, created_at=now, updated_at=now, owner=message.asker)
            refuse_others(head, message.asker)
            named = {name for new in message.messages for name in (_id_of(new), new.parent_id) if name is not None}
            known = await self._store.known(desk.id, named) if named and head.count else {}
            fresh = [new for new in message.messages if _id_of(new) not in known]
            stored = entered(fresh, head.last_seq + 1, known, now)
            if stored or desk.head is None:
                after = grown(attrs.evolve(head, state=state_after(head.state, message, self._sticky)), stored, now)
                with _doubting(desk):
                    await self._store.append(after, stored)
                desk.appended(after, stored)
        again = [known[name] for new in message.messages if (name := _id_of(new)) in known]
        return stored if not again else (*await self._store.at(message.conversation_id, again), *stored)

    async def branch(self, message: Branch) -> Conversation:
        """Begin a conversation with copies of another's messages."""
        now = self._now()
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.found(desk, message.asker)
            new = Conversation(
                id=message.id,
                created_at=now,
                updated_at=now,
                owner=head.owner,
                title=head.title,
                tags=head.tags,
                metadata=head.metadata,
                version=1,
            )
            last = None if message.up_to is None else await self._place_of(desk, message.up_to)
            made = await (self._copy_linked if head.is_linked else self._copy)(desk, head, last, new)
        async with self._desks.turn(made.id) as branch:
            branch.forget()
        return made

    async def replace(self, message: Replace) -> Conversation:
        """Put other messages in the place of those that are there."""
        now = self._now()
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.found(desk, message.asker)
            if message.version is not None and message.version != head.version:
                raise StoreConflict(
                    f"conversation {head.id} is of version {head.version}, not {message.version}", store="conversations"
                )
            stored = entered(message.messages, 1, (), now)
            after = grown(attrs.evolve(head, last_seq=0, count=0, is_linked=False), stored, now)
            with _doubting(desk):
                await self._store.replace(after, stored)
            desk.forget()
            return after

    async def delete(self, message: Delete) -> bool:
        """Forget a conversation; returns whether it was there."""
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.head(desk)
            if head is None or not may_see(head, message.asker):
                return False
            with _doubting(desk):
                was_there = await self._store.delete(desk.id)
            desk.forget()
            return was_there

    async def save(
        self, message: Change | SetState | SetCancelled, fields: Callable[[Conversation], Mapping[str, Any]]
    ) -> Conversation:
        """Change what is said about a conversation.

        Args:
            message: Which, and on whose behalf.
            fields: The fields that change, of the conversation as it is.
        """
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.found(desk, message.asker)
            after = changed(head, self._now(), **fields(head))
            with _doubting(desk):
                await self._store.save(after)
            desk.head = after
            return after

    async def _place_of(self, desk: Desk, message_id: str) -> int:
        known = await self._store.known(desk.id, [message_id])
        if message_id not in known:
            raise NotFoundError(f"no message {message_id!r} in conversation {desk.id!r}")
        return known[message_id]

    async def _copy(self, desk: Desk, head: Conversation, last: int | None, new: Conversation) -> Conversation:
        """Copy a log that is its own main line, up to a place and what answers the calls there."""
        if last is None:
            return await self._store.copy(desk.id, head.last_seq, new)
        following = await self._store.page(desk.id, PageWanted(limit=_LOOK_AHEAD, after=last - 1))
        if not following or following[0].seq != last:
            raise InvalidRequestError("the message is part of an aside, not of the main line", param="up_to")
        end = end_of_turn([each.message for each in following], 0)
        return await self._store.copy(desk.id, following[end].seq, new)

    async def _copy_linked(self, desk: Desk, _head: Conversation, last: int | None, new: Conversation) -> Conversation:
        """Copy a main line that is followed from link to link."""
        places = await self._shelf.places(desk)
        if last is not None and last not in places:
            raise InvalidRequestError("the message is not on the main line", param="up_to")
        wanted = places if last is None else places[: places.index(last) + 1 + _LOOK_AHEAD]
        found = {each.seq: each for each in await self._store.at(desk.id, wanted)}
        line = [found[place] for place in wanted]
        if last is not None:
            line = line[: end_of_turn([each.message for each in line], places.index(last)) + 1]
        copies = entered([_copy(each) for each in line], 1, (), new.created_at)
        made = grown(new, copies, new.created_at)
        await self._store.append(made, copies)
        return made


@contextmanager
def _doubting(desk: Desk) -> Iterator[None]:
    """Forget what is known of a conversation when a change of it fails: whether it was kept may be unknown."""
    try:
        yield
    except StoreError:
        desk.forget(doubtful=True)
        raise


def _id_of(new: NewMessage) -> str | None:
    return new.id or new.message.id


def _copy(stored: StoredMessage) -> NewMessage:
    return NewMessage(
        message=stored.message,
        group_id=stored.group_id,
        agent_id=stored.agent_id,
        provider=stored.provider,
        model=stored.model,
        input_tokens=stored.input_tokens,
        output_tokens=stored.output_tokens,
        request_id=stored.request_id,
        metadata=stored.metadata,
    )
