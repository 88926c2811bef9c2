"""Conversations in a SQL database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import attrs

from ....actors.conversations.port import Link, PageWanted
from ....messages.conversation import Compaction, Conversation, Curation, ListConversations, StoredMessage
from ..conversation_rows import (
    CONVERSATION,
    MESSAGE,
    conversation_of,
    conversation_row,
    curated_content,
    curated_text,
    message_of,
    message_row,
)
from .access import Access

_HEAD: Final = ", ".join(CONVERSATION)
_BODY: Final = ", ".join(MESSAGE)
_MARKS: Final = ", ".join("?" * len(CONVERSATION))

_UPSERT: Final = (
    f"INSERT INTO conversations ({_HEAD}) VALUES ({_MARKS}) ON CONFLICT (id) DO UPDATE SET "  # noqa: S608 - names of our own, here and below
    + ", ".join(f"{name} = excluded.{name}" for name in CONVERSATION[1:])
)
_CREATE: Final = f"INSERT INTO conversations ({_HEAD}) VALUES ({_MARKS})"  # noqa: S608
_SAVE: Final = f"UPDATE conversations SET {', '.join(f'{name} = ?' for name in CONVERSATION[1:])} WHERE id = ?"  # noqa: S608
_INSERT: Final = f"INSERT INTO messages (conversation_id, {_BODY}) VALUES (?, {', '.join('?' * len(MESSAGE))})"  # noqa: S608
_COPIED: Final = tuple(name for name in MESSAGE if name not in {"seq", "id", "parent_id"})
_FORGET: Final = ("messages", "curations", "compactions")
_IF_THERE: Final = "WHERE EXISTS (SELECT 1 FROM conversations WHERE id = ?)"

# Places or ids in one question; databases allow some tens of thousands.
_MOST_AT_ONCE: Final = 500


class SqlConversations:
    """Keeps every conversation.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Access) -> None:
        self._database = database
        self._copy = _copy(database.words.random_hex)

    @property
    def is_shared(self) -> bool:
        """Whether others change conversations here, too."""
        return self._database.words.is_shared

    async def find(self, conversation_id: str) -> Conversation | None:
        """Return a conversation."""
        rows = await self._database.read(f"SELECT {_HEAD} FROM conversations WHERE id = ?", [conversation_id])  # noqa: S608
        return conversation_of(rows[0]) if rows else None

    async def append(self, conversation: Conversation, messages: Sequence[StoredMessage]) -> None:
        """Keep messages at the end of the log."""
        rows = [(conversation.id, *message_row(message)) for message in messages]
        await self._database.write((_UPSERT, [conversation_row(conversation)]), (_INSERT, rows))

    async def save(self, conversation: Conversation) -> None:
        """Keep what is said about a conversation that is there."""
        row = conversation_row(conversation)
        await self._database.write((_SAVE, [(*row[1:], row[0])]))

    async def page(self, conversation_id: str, wanted: PageWanted) -> tuple[StoredMessage, ...]:
        """Return some of its messages."""
        where, values = _where(conversation_id, wanted)
        order = "DESC" if wanted.newest_first else "ASC"
        sql = f"SELECT {_BODY} FROM messages WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608
        rows = await self._database.read(sql, [*values, wanted.limit])
        return tuple(map(message_of, reversed(rows) if wanted.newest_first else rows))

    async def at(self, conversation_id: str, seqs: Sequence[int]) -> tuple[StoredMessage, ...]:
        """Return the messages at these places."""
        found: list[StoredMessage] = []
        for part in _parts(sorted(seqs)):
            sql = f"SELECT {_BODY} FROM messages WHERE conversation_id = ? AND seq IN ({_marks(part)}) ORDER BY seq"  # noqa: S608
            found += map(message_of, await self._database.read(sql, [conversation_id, *part]))
        return tuple(found)

    async def known(self, conversation_id: str, ids: Collection[str]) -> dict[str, int]:
        """Return which of these messages are there."""
        found: dict[str, int] = {}
        for part in _parts(list(ids)):
            sql = f"SELECT id, seq FROM messages WHERE conversation_id = ? AND id IN ({_marks(part)})"  # noqa: S608
            found.update(dict(await self._database.read(sql, [conversation_id, *part])))
        return found

    async def links(self, conversation_id: str) -> tuple[Link, ...]:
        """Return the log without its contents."""
        sql = "SELECT seq, id, parent_id, group_id, sidechain FROM messages WHERE conversation_id = ? ORDER BY seq"
        rows = await self._database.read(sql, [conversation_id])
        return tuple(Link(seq, each, parent, group, bool(sidechain)) for seq, each, parent, group, sidechain in rows)

    async def replace(self, conversation: Conversation, messages: Sequence[StoredMessage]) -> None:
        """Put these messages in the place of all that are there."""
        row = conversation_row(conversation)
        rows = [(conversation.id, *message_row(message)) for message in messages]
        await self._database.write(*_forget(conversation.id), (_SAVE, [(*row[1:], row[0])]), (_INSERT, rows))

    async def copy(self, source_id: str, up_to: int, conversation: Conversation) -> Conversation:
        """Begin a conversation with copies."""
        sql = "SELECT count(*) FROM messages WHERE conversation_id = ? AND seq <= ? AND NOT sidechain"
        ((count,),) = await self._database.read(sql, [source_id, up_to])
        made = attrs.evolve(conversation, last_seq=count, count=count, is_linked=False)
        await self._database.write((_CREATE, [conversation_row(made)]), (self._copy, [(made.id, source_id, up_to)]))
        return made

    async def delete(self, conversation_id: str) -> bool:
        """Forget a conversation."""
        was_there = await self.find(conversation_id) is not None
        if was_there:
            forget = ("DELETE FROM conversations WHERE id = ?", [(conversation_id,)])
            await self._database.write(*_forget(conversation_id), forget)
        return was_there

    async def listed(self, wanted: ListConversations) -> tuple[Conversation, ...]:
        """Return conversations, the one changed last first."""
        conditions, values = ["TRUE"], list[Any]()
        if wanted.owner is not None:
            conditions.append("owner = ?")
            values.append(wanted.owner)
        if wanted.after is not None:
            conditions.append("(updated_at, id) < (?, ?)")
            values += [wanted.after.updated_at, wanted.after.id]
        where = " AND ".join(conditions)
        sql = f"SELECT {_HEAD} FROM conversations WHERE {where} ORDER BY updated_at DESC, id DESC LIMIT ?"  # noqa: S608
        return tuple(map(conversation_of, await self._database.read(sql, [*values, wanted.limit])))

    async def compaction(self, conversation_id: str) -> Compaction | None:
        """Return what stands for its beginning."""
        sql = "SELECT up_to, up_to_id, count, summary, method, created_at FROM compactions WHERE conversation_id = ?"
        for up_to, up_to_id, count, summary, method, created_at in await self._database.read(sql, [conversation_id]):
            return Compaction(
                up_to=up_to, up_to_id=up_to_id, count=count, summary=summary, method=method, created_at=created_at
            )
        return None

    async def compact(self, conversation_id: str, compaction: Compaction) -> None:
        """Keep what stands for its beginning."""
        sql = f"""
            INSERT INTO compactions (conversation_id, up_to, up_to_id, count, summary, method, created_at)
            SELECT ?, ?, ?, ?, ?, ?, ? {_IF_THERE}
            ON CONFLICT (conversation_id) DO UPDATE SET up_to = excluded.up_to, up_to_id = excluded.up_to_id,
                count = excluded.count, summary = excluded.summary, method = excluded.method,
                created_at = excluded.created_at
        """
        values = (compaction.up_to, compaction.up_to_id, compaction.count, compaction.summary, compaction.method)
        await self._database.write((sql, [(conversation_id, *values, compaction.created_at, conversation_id)]))

    async def curations(self, conversation_id: str, ids: Collection[str]) -> tuple[Curation, ...]:
        """Return the short forms of these messages."""
        found: list[Curation] = []
        for part in _parts(list(ids)):
            sql = (
                "SELECT message_id, source, content FROM curations "  # noqa: S608
                f"WHERE conversation_id = ? AND message_id IN ({_marks(part)})"
            )
            for message_id, source, content in await self._database.read(sql, [conversation_id, *part]):
                found.append(Curation(message_id=message_id, source=source, content=curated_content(content)))
        return tuple(found)

    async def curate(self, conversation_id: str, curations: Sequence[Curation]) -> None:
        """Keep short forms."""
        sql = f"""
            INSERT INTO curations (conversation_id, message_id, source, content)
            SELECT ?, ?, ?, ? {_IF_THERE}
            ON CONFLICT (conversation_id, message_id) DO UPDATE SET source = excluded.source, content = excluded.content
        """
        rows = [
            (conversation_id, each.message_id, each.source, curated_text(each.content), conversation_id)
            for each in curations
        ]
        await self._database.write((sql, rows))

    async def settle(self) -> None:
        """Wait until every change that was asked for before is kept, or refused."""
        await self._database.settle()


def _copy(random_hex: str) -> str:
    return f"""
        INSERT INTO messages (conversation_id, seq, id, parent_id, {", ".join(_COPIED)})
        SELECT ?, row_number() OVER (ORDER BY seq), 'msg_' || {random_hex}, NULL, {", ".join(_COPIED)}
        FROM messages WHERE conversation_id = ? AND seq <= ? AND NOT sidechain
    """  # noqa: S608


def _where(conversation_id: str, wanted: PageWanted) -> tuple[str, list[Any]]:
    conditions: list[str] = ["conversation_id = ?"]
    values: list[Any] = [conversation_id]
    if not wanted.everything and wanted.agent_id is None:
        conditions.append("NOT sidechain")
    elif not wanted.everything:
        conditions.append("sidechain AND agent_id = ?")
        values.append(wanted.agent_id)
    for sql, value in (("seq < ?", wanted.before), ("seq > ?", wanted.after)):
        if value is not None:
            conditions.append(sql)
            values.append(value)
    return " AND ".join(conditions), values


def _forget(conversation_id: str) -> Iterator[tuple[str, list[tuple[str]]]]:
    for table in _FORGET:
        yield f"DELETE FROM {table} WHERE conversation_id = ?", [(conversation_id,)]  # noqa: S608


def _parts(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), _MOST_AT_ONCE):
        yield values[start : start + _MOST_AT_ONCE]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
