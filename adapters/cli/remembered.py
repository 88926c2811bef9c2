"""Reads conversations for `legion-llm conversation` and prints them."""

from __future__ import annotations

import datetime as dt
from typing import Final

import click

from ...actors.conversations.port import PageWanted
from ...messages.conversation import ListConversations, StoredMessage
from ...messages.errors import NotFoundError
from ..codec import to_json
from ..stores.places import Place, read_from
from ..stores.sql.access import Access
from ..stores.sql.conversations import SqlConversations

# Messages read at a time, so that a conversation of any length can be printed.
_PAGE: Final = 500


def print_conversations(place: Place, owner: str | None, limit: int) -> None:
    """Print a line per conversation.

    Raises:
        StoreError: The store cannot be read.
    """
    found = read_from(
        place, lambda database: SqlConversations(database).listed(ListConversations(owner=owner, limit=limit))
    )
    if not found:
        click.echo("no conversations are kept")
    width = max((len(each.id) for each in found), default=0)
    for each in found:
        at = dt.datetime.fromtimestamp(each.updated_at, dt.UTC).strftime("%Y-%m-%d %H:%M")
        about = "  ".join(part for part in (each.owner or "", each.title or "", " ".join(each.tags)) if part)
        click.echo(f"{each.id:<{width}}  {at}  {each.count:>6,} messages  {about}".rstrip())


def print_messages(place: Place, conversation_id: str, *, as_text: bool) -> None:
    """Print the messages of a conversation.

    Raises:
        NotFoundError: There is no such conversation.
        StoreError: The store cannot be read.
    """

    async def copy(database: Access) -> None:
        store = SqlConversations(database)
        if await store.find(conversation_id) is None:
            raise NotFoundError(f"no conversation {conversation_id!r}")
        after = 0
        while page := await store.page(conversation_id, _wanted(after, everything=not as_text)):
            for stored in page:
                click.echo(_text(stored) if as_text else to_json(stored))
            after = page[-1].seq

    read_from(place, copy)


def _wanted(after: int, *, everything: bool) -> PageWanted:
    return PageWanted(limit=_PAGE, after=after, everything=everything)


def _text(stored: StoredMessage) -> str:
    message = stored.message
    calls = [f"[calls {call.name} {call.arguments}]" for call in message.tool_calls]
    return f"{message.role}: {' '.join([message.text, *calls]).strip()}"
