"""The conversations that are at hand: what is known of each, and whose turn it is to change it."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import attrs

from ...messages.conversation import Compaction, Conversation, Curation, StoredMessage

# Messages of one conversation at hand, and characters of them; older ones are read again when they are wanted.
MOST_MESSAGES: Final = 2000
_MOST_CHARS: Final = 2_000_000
# Characters of all conversations at hand.
_MOST_CHARS_OF_ALL: Final = 64_000_000


@attrs.define(eq=False)
class Desk:
    """One conversation, as it lies on the desk. It is changed by one at a time, and holds nothing that is not in the store.

    Attributes:
        is_read: Whether `head` says how it is in the store.
        is_doubtful: Whether a change of it may still be under way that nobody waits for any more.
        head: The conversation, or None where there is none.
        line: The newest messages of its main line, oldest first, or None where nobody has looked.
        is_whole: Whether the line reaches back to the beginning.
        places: Of a conversation with links, the places of its main line.
        compaction: What stands for its beginning; known where `knows_compaction`.
        curations: Short forms by message id, as far as somebody has looked; None stands for "there is none".
    """

    id: str
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    users: int = 0
    is_read: bool = False
    is_doubtful: bool = False
    head: Conversation | None = None
    line: tuple[StoredMessage, ...] | None = None
    is_whole: bool = False
    places: tuple[int, ...] | None = None
    compaction: Compaction | None = None
    knows_compaction: bool = False
    curations: dict[str, Curation | None] = attrs.field(factory=dict)
    chars: int = 0

    def forget(self, *, doubtful: bool = False) -> None:
        """Know nothing any more, so that it is read again."""
        self.is_read = self.knows_compaction = self.is_whole = False
        self.is_doubtful = self.is_doubtful or doubtful
        self.head = self.line = self.places = self.compaction = None
        self.curations = {}
        self.chars = 0

    def appended(self, head: Conversation, messages: Iterable[StoredMessage]) -> None:
        """Messages were added to the log."""
        self.head = head
        self.places = None
        if self.line is None or head.is_linked:
            self.lay(None, is_whole=False)
            return
        self.lay((*self.line, *(each for each in messages if not each.sidechain)), is_whole=self.is_whole)

    def lay(self, line: tuple[StoredMessage, ...] | None, *, is_whole: bool) -> None:
        """Lay out the newest messages of the main line, as many as may lie here."""
        if line is None:
            self.line, self.is_whole, self.chars = None, False, 0
            return
        sizes = [_chars(message) for message in line]
        first = max(0, len(line) - MOST_MESSAGES)
        chars = sum(sizes[first:])
        while chars > _MOST_CHARS and first < len(line) - 1:
            chars -= sizes[first]
            first += 1
        self.line, self.is_whole, self.chars = line[first:], is_whole and first == 0, chars


class Desks:
    """The conversations that were used last.

    Args:
        most: Conversations at hand; those that are in use count, too, but are never taken away.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._desks: collections.OrderedDict[str, Desk] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._desks)

    @property
    def chars(self) -> int:
        """Characters of messages at hand."""
        return sum(desk.chars for desk in self._desks.values())

    @asynccontextmanager
    async def turn(self, conversation_id: str) -> AsyncIterator[Desk]:
        """Wait for one's turn at a conversation: in the order in which one came."""
        desk = self._desks.get(conversation_id)
        if desk is None:
            desk = self._desks[conversation_id] = Desk(conversation_id)
        self._desks.move_to_end(conversation_id)
        desk.users += 1
        try:
            async with desk.turn:
                yield desk
        finally:
            desk.users -= 1
            self._clear()

    def _clear(self) -> None:
        """Take away the conversations that were unused for longest, where there are too many, or too much of them."""
        chars = self.chars if len(self._desks) else 0
        for conversation_id, desk in list(self._desks.items()):
            if len(self._desks) <= self._most and chars <= _MOST_CHARS_OF_ALL:
                return
            if desk.users == 0 and not desk.is_doubtful:
                chars -= desk.chars
                del self._desks[conversation_id]


def _chars(message: StoredMessage) -> int:
    content = message.message.content
    if isinstance(content, str):
        return len(content)
    return sum(
        len(str(getattr(block, name, ""))) for block in content for name in ("text", "data", "arguments", "content")
    )
