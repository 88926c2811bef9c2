"""New messages become part of a log: numbered, named, and checked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import attrs

from ...messages.conversation import Conversation, MessageFacts, NewMessage, StoredMessage, new_message_id
from ...messages.errors import InvalidRequestError

_FACTS: Final = tuple([field.name for field in attrs.fields(MessageFacts) if field.name != "message"])


def entered(
    messages: Sequence[NewMessage], first: int, known: Collection[str], now: float
) -> tuple[StoredMessage, ...]:
    """Return the messages as they stand in the log.

    Args:
        messages: The new ones, in order.
        first: Place of the first.
        known: Ids of messages that are in the log already, as far as the new ones name them.
        now: Unix seconds.

    Raises:
        InvalidRequestError: One names a parent that is not there.
    """
    there = set(known)
    stored: list[StoredMessage] = []
    for number, new in enumerate(messages):
        if new.parent_id is not None and new.parent_id not in there:
            raise InvalidRequestError(
                f"there is no message {new.parent_id!r} to follow", param=f"messages.{number}.parent_id"
            )
        message_id = new.id or new.message.id or new_message_id()
        if message_id in there:
            raise InvalidRequestError(f"message {message_id!r} is there twice", param=f"messages.{number}.id")
        there.add(message_id)
        stored.append(
            StoredMessage(
                **{name: getattr(new, name) for name in _FACTS},
                message=attrs.evolve(new.message, id=None),
                seq=first + number,
                id=message_id,
                created_at=now,
            )
        )
    return tuple(stored)


def grown(head: Conversation, stored: Sequence[StoredMessage], now: float) -> Conversation:
    """Return the conversation with these messages at its end."""
    return attrs.evolve(
        head,
        # The clock may have been set back; what was changed later is later all the same.
        updated_at=max(now, head.updated_at),
        last_seq=max([head.last_seq, *(each.seq for each in stored)]),
        count=head.count + len(stored),
        is_linked=head.is_linked or any(each.parent_id is not None for each in stored if not each.sidechain),
        version=head.version + 1,
    )


def changed(head: Conversation, now: float, **fields: object) -> Conversation:
    """Return the conversation with some fields changed."""
    return attrs.evolve(head, **fields, updated_at=max(now, head.updated_at), version=head.version + 1)  # type: ignore[arg-type]
