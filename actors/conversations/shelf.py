"""Fetches what is wanted of a conversation onto its desk."""

from __future__ import annotations

from typing import Final

from ...messages.conversation import Compaction, Conversation, Curation, StoredMessage
from ...messages.tokens import estimated_message_tokens
from .access import not_found, refuse_others
from .desk import MOST_MESSAGES, Desk
from .line import main_line
from .port import ConversationStore, PageWanted

# Messages read at a time.
_PAGE: Final = 200


class Shelf:
    """Reads for whoever has the turn at a conversation.

    Args:
        store: Where conversations are kept.
    """

    def __init__(self, store: ConversationStore) -> None:
        self._store = store
        # Somebody before may have left changes under way.
        self._is_doubtful = True

    async def head(self, desk: Desk) -> Conversation | None:
        """Return the conversation, or None where there is none.

        Raises:
            StoreError: It cannot be read now.
        """
        if self._is_doubtful or desk.is_doubtful:
            await self._store.settle()
            self._is_doubtful = desk.is_doubtful = False
        if not desk.is_read or self._store.is_shared:
            head = await self._store.find(desk.id)
            if head != desk.head:
                desk.forget()
            desk.head, desk.is_read = head, True
        return desk.head

    async def found(self, desk: Desk, asker: str | None) -> Conversation:
        """Return the conversation.

        Raises:
            NotFoundError: There is none, or none for this asker.
            StoreError: It cannot be read now.
        """
        head = await self.head(desk)
        if head is None:
            raise not_found(desk.id)
        refuse_others(head, asker)
        return head

    async def line(self, desk: Desk, max_tokens: int) -> tuple[StoredMessage, ...]:
        """Return the newest messages of the main line, oldest first: all, or at least as many as make up so many tokens.

        Raises:
            StoreError: They cannot be read now.
        """
        if desk.line is None:
            desk.lay((), is_whole=False)
        assert desk.line is not None
        tokens = sum(estimated_message_tokens(each.message) for each in desk.line)
        while not desk.is_whole and tokens < max_tokens and len(desk.line) < MOST_MESSAGES:
            older = await self._older(desk, desk.line)
            before = len(desk.line)
            is_whole = len(older) < _PAGE
            desk.lay((*older, *desk.line), is_whole=is_whole)
            tokens += sum(estimated_message_tokens(each.message) for each in older)
            if len(desk.line) == before and not is_whole:
                break  # there is no room for more
        return desk.line

    async def places(self, desk: Desk) -> tuple[int, ...]:
        """Return the places of the main line of a conversation with links.

        Raises:
            StoreError: They cannot be read now.
        """
        if desk.places is None:
            desk.places = main_line(await self._store.links(desk.id))
        return desk.places

    async def compaction(self, desk: Desk) -> Compaction | None:
        """Return what stands for the beginning; None where what it stood for is no longer on the main line.

        Raises:
            StoreError: It cannot be read now.
        """
        if not desk.knows_compaction:
            desk.compaction = await self._store.compaction(desk.id)
            desk.knows_compaction = True
        compaction, head = desk.compaction, desk.head
        if compaction is None or head is None:
            return None
        if head.is_linked and compaction.up_to not in await self.places(desk):
            return None
        return compaction

    async def curations(self, desk: Desk, messages: tuple[StoredMessage, ...]) -> tuple[Curation, ...]:
        """Return the short forms of some messages, as far as there are any. None can be read, none are used.

        Raises:
            StoreError: They cannot be read now.
        """
        unknown = [each.id for each in messages if each.id not in desk.curations]
        if unknown:
            found = {each.message_id: each for each in await self._store.curations(desk.id, unknown)}
            desk.curations.update({each: found.get(each) for each in unknown})
        found_all = (desk.curations[each.id] for each in messages)
        return tuple(each for each in found_all if each is not None)

    async def _older(self, desk: Desk, line: tuple[StoredMessage, ...]) -> tuple[StoredMessage, ...]:
        """Return the messages before those of the line, at most a page of them."""
        assert desk.head is not None
        if not desk.head.is_linked:
            before = line[0].seq if line else None
            return await self._store.page(desk.id, PageWanted(limit=_PAGE, before=before, newest_first=True))
        places = await self.places(desk)
        end = places.index(line[0].seq) if line else len(places)
        wanted = places[max(0, end - _PAGE) : end]
        found = {each.seq: each for each in await self._store.at(desk.id, wanted)}
        return tuple(found[place] for place in wanted if place in found)
