"""Remembers conversations: their log, its order, and what of it goes before a request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, TypeVar

from ...messages.conversation import (
    Append,
    Branch,
    Change,
    Context,
    ContextWanted,
    Conversation,
    Delete,
    Describe,
    Export,
    HistoryWanted,
    LineWanted,
    ListConversations,
    Page,
    Replace,
    SetCancelled,
    SetState,
    StoredMessage,
    Turn,
)
from ...messages.errors import InvalidRequestError, LegionError
from ...messages.settings import ToolStickySettings
from ...messages.settings.conversation import ConversationSettings
from ...runtime import ASYNCIO, Actor, Address, Sink, spawned
from .access import refuse_others
from .context import Past, context_of, is_long, old_part
from .desk import Desks
from .editor import Editor
from .paging import page_of_line, page_of_log, page_up_to
from .port import ConversationStore, PageWanted
from .shelf import Shelf
from .tending import Tending

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Messages read at a time where all are read; messages, or conversations, in one answer.
_PAGE: Final = 200
_MOST: Final = 1000
# Tokens as they were said that are looked at per token that is shown: what is shown may have been shortened.
_LOOK_BACK: Final = 2
# Turns that may wait to be tended; more are tended with their next turn.
_MOST_WAITING: Final = 1000

_STICKY: Final = ToolStickySettings()

_CHANGEABLE: Final = frozenset({"title", "tags", "metadata"})

Command: TypeAlias = (
    Append
    | HistoryWanted
    | LineWanted
    | Export
    | Branch
    | Replace
    | Delete
    | Describe
    | Change
    | SetState
    | SetCancelled
    | ListConversations
    | ContextWanted
    | Turn
)


class Conversations(Actor[Command]):
    """Keeps conversations in a store, and those used last at hand.

    Takes what `messages.conversation` holds. Tells nobody; asks inference for a summary where the settings name a model for it.
    One conversation is changed by one message at a time, in the order in which they came, and several conversations at once, so that their changes
    share a commit. What has begun to be changed is changed to its end, whether its asker still waits or not.
    """

    home = ASYNCIO

    def __init__(
        self,
        settings: ConversationSettings,
        store: ConversationStore,
        inference: Address,
        sticky: ToolStickySettings = _STICKY,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._store = store
        self._shelf = Shelf(store)
        self._desks = Desks(settings.hot)
        self._editor = Editor(store, self._shelf, self._desks, self.clock.time, sticky)
        self._tending = Tending(settings, store, self._shelf, self._desks, inference, self.clock.time)
        self._turns: dict[str, None] = {}
        self._turned = asyncio.Event()
        self._tended = 0

    async def on_start(self) -> None:
        """Begin to tend conversations after their turns."""
        self.spawn(self._tend_all)

    # -- reading

    @spawned
    async def on_describe(self, message: Describe) -> Conversation:
        """Return a conversation without its messages."""
        async with self._desks.turn(message.conversation_id) as desk:
            return await self._shelf.found(desk, message.asker)

    @spawned
    async def on_history_wanted(self, message: HistoryWanted) -> Page:
        """Return a page of its messages."""
        _check(message.limit)
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.found(desk, message.asker)
            places = await self._shelf.places(desk) if head.is_linked and message.agent_id is None else None
        if places is None:
            return await page_of_log(self._store, head, message)
        return await page_of_line(self._store, head, places, message)

    @spawned
    async def on_line_wanted(self, message: LineWanted) -> Page:
        """Return all that was said up to a message."""
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.found(desk, message.asker)
        return await page_up_to(self._store, head, message.up_to)

    @spawned
    async def on_export(self, message: Export, sink: Sink) -> Conversation:
        """Send the whole log, page by page, so that its length does not matter."""
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.found(desk, message.asker)
        after = 0
        while page := await self._store.page(head.id, PageWanted(limit=_PAGE, after=after, everything=True)):
            for stored in page:
                await sink.send(stored)
            after = page[-1].seq
        return head

    @spawned
    async def on_list_conversations(self, message: ListConversations) -> tuple[Conversation, ...]:
        """Return conversations, the one changed last first."""
        _check(message.limit)
        return await self._store.listed(message)

    @spawned
    async def on_context_wanted(self, message: ContextWanted) -> Context:
        """Return what goes before a request's own messages."""
        curation = self._settings.curation
        async with self._desks.turn(message.conversation_id) as desk:
            head = await self._shelf.head(desk)
            if head is None:
                return Context()
            refuse_others(head, message.asker)
            line = await self._shelf.line(desk, message.max_tokens * _LOOK_BACK)
            compaction = await self._shelf.compaction(desk) if self._settings.auto_compact else None
            past = Past(conversation=head, line=line, is_whole=desk.is_whole, compaction=compaction)
            is_curated = is_long(past, curation)
            curations = await self._shelf.curations(desk, old_part(past, curation)) if is_curated else None
        return context_of(past, curations, curation, message.max_tokens)

    # -- changing

    @spawned
    async def on_append(self, message: Append) -> tuple[StoredMessage, ...]:
        """Keep messages at the end of a log."""
        return await self._to_its_end(lambda: self._editor.append(message))

    @spawned
    async def on_branch(self, message: Branch) -> Conversation:
        """Begin a conversation with copies of another's messages."""
        return await self._to_its_end(lambda: self._editor.branch(message))

    @spawned
    async def on_replace(self, message: Replace) -> Conversation:
        """Put other messages in the place of those that are there."""
        return await self._to_its_end(lambda: self._editor.replace(message))

    @spawned
    async def on_delete(self, message: Delete) -> bool:
        """Forget a conversation."""
        return await self._to_its_end(lambda: self._editor.delete(message))

    @spawned
    async def on_change(self, message: Change) -> Conversation:
        """Change what is said about a conversation."""
        unknown = message.changes.keys() - _CHANGEABLE
        if unknown:
            raise InvalidRequestError(f"{min(unknown)!r} cannot be changed", param=min(unknown))
        return await self._to_its_end(lambda: self._editor.save(message, lambda _head: dict(message.changes)))

    @spawned
    async def on_set_state(self, message: SetState) -> Conversation:
        """Keep something with a conversation."""

        def fields(head: Conversation) -> dict[str, Any]:
            kept = {name: value for name, value in head.state.items() if name != message.name}
            return {"state": kept if message.value is None else {**kept, message.name: message.value}}

        return await self._to_its_end(lambda: self._editor.save(message, fields))

    @spawned
    async def on_set_cancelled(self, message: SetCancelled) -> Conversation:
        """Ask for the work on a conversation to stop, or take that back."""
        at = self.clock.time() if message.cancelled else None
        return await self._to_its_end(lambda: self._editor.save(message, lambda _head: {"cancelled_at": at}))

    async def _to_its_end(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something in a task of the actor's own: an asker that gives up does not leave it half done."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.spawn(_carry_out, work, done)
        return await done

    # -- after the turn

    def on_turn(self, message: Turn) -> None:
        """Tend the conversation when there is time."""
        if len(self._turns) < _MOST_WAITING:
            self._turns[message.conversation_id] = None
            self._turned.set()

    async def _tend_all(self) -> None:
        while True:
            await self._turned.wait()
            self._turned.clear()
            while self._turns:
                conversation_id = next(iter(self._turns))
                del self._turns[conversation_id]
                await self._tend(conversation_id)

    async def _tend(self, conversation_id: str) -> None:
        try:
            await self._tending.tend(conversation_id)
        except LegionError as error:
            logger.warning("conversation %s stays as it was said for now: %s", conversation_id, error)
        self._tended += 1

    def snapshot(self) -> dict[str, Any]:
        """Return how much is at hand."""
        return {
            "hot": len(self._desks),
            "characters": self._desks.chars,
            "waiting_to_be_tended": len(self._turns),
            "tended": self._tended,
        }


def _check(limit: int) -> None:
    if not 1 <= limit <= _MOST:
        raise InvalidRequestError(f"limit must be between 1 and {_MOST}, got {limit}", param="limit")


async def _carry_out(work: Callable[[], Awaitable[T]], done: asyncio.Future[T]) -> None:
    try:
        value = await work()
    except LegionError as error:
        if not done.done():
            done.set_exception(error)
    else:
        if not done.done():
            done.set_result(value)
