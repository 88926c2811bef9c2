"""Conversations and messages as rows of a table, the same for every database: contents as JSON, without loss."""

from __future__ import annotations

from typing import Any, Final

import orjson

from ...messages.chat import ChatMessage
from ...messages.content import Content, Extra
from ...messages.conversation import Conversation, StoredMessage
from ...messages.errors import InvalidRequestError, StoreCorrupt
from ..codec import from_json, to_json

CONVERSATION: Final = (
    "id",
    "owner",
    "created_at",
    "updated_at",
    "last_seq",
    "count",
    "is_linked",
    "cancelled_at",
    "title",
    "version",
    "tags",
    "metadata",
    "state",
)
# All but the last two are columns of the same name.
MESSAGE: Final = (
    "seq",
    "id",
    "created_at",
    "parent_id",
    "sidechain",
    "group_id",
    "agent_id",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "request_id",
    "metadata",
    "body",
)
_JSON: Final = ("tags", "metadata", "state")


def conversation_row(conversation: Conversation) -> tuple[Any, ...]:
    """Return a conversation as the values of `CONVERSATION`.

    Raises:
        InvalidRequestError: Its metadata or state is no JSON.
    """
    plain = [getattr(conversation, name) for name in CONVERSATION[: -len(_JSON)]]
    return (*plain, *[_dumped(getattr(conversation, name), name) for name in _JSON])


def conversation_of(row: tuple[Any, ...]) -> Conversation:
    """Return the conversation of a row."""
    values = dict(zip(CONVERSATION, row, strict=True))
    loaded = {name: orjson.loads(values[name]) for name in _JSON}
    return Conversation(
        **{**values, **loaded, "is_linked": bool(values["is_linked"]), "tags": tuple(loaded["tags"])},
    )


def message_row(stored: StoredMessage) -> tuple[Any, ...]:
    """Return a message as the values of `MESSAGE`.

    Raises:
        InvalidRequestError: It holds what JSON cannot say.
    """
    plain = [getattr(stored, name) for name in MESSAGE[:-2]]
    metadata = _dumped(stored.metadata, "metadata") if stored.metadata else None
    return (*plain, metadata, to_json(stored.message).decode())


def message_of(row: tuple[Any, ...]) -> StoredMessage:
    """Return the message of a row.

    Raises:
        StoreCorrupt: Somebody has written something else into it.
    """
    *plain, metadata, body = row
    values = dict(zip(MESSAGE, plain, strict=False))
    values["sidechain"] = bool(values["sidechain"])
    try:
        message = from_json(body, ChatMessage)
        extra: Extra = orjson.loads(metadata) if metadata is not None else {}
    except (InvalidRequestError, orjson.JSONDecodeError) as error:
        raise StoreCorrupt(f"message {values['id']} cannot be read: {error}", store="messages") from error
    return StoredMessage(message=message, metadata=extra, **values)


def curated_text(content: Content) -> str:
    """Return a content as JSON."""
    return to_json(ChatMessage(content=content)).decode()


def curated_content(text: str) -> Content:
    """Return the content that `curated_text` wrote."""
    return from_json(text.encode(), ChatMessage).content


def _dumped(value: Any, name: str) -> str:
    try:
        return orjson.dumps(value, default=_plain).decode()
    except (TypeError, orjson.JSONEncodeError) as error:
        raise InvalidRequestError(f"{name} is no JSON: {error}", param=name) from error


def _plain(value: Any) -> Any:
    """Mappings that cannot be changed are mappings all the same."""
    if hasattr(value, "keys"):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
