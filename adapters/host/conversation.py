"""A conversation as a host holds it: what `legion.conversation()` returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ...messages.chat import ChatMessage
from ...messages.conversation import (
    Append,
    Branch,
    Change,
    Conversation,
    Delete,
    Describe,
    Export,
    HistoryWanted,
    LineWanted,
    NewMessage,
    Page,
    Replace,
    SetCancelled,
    SetState,
    StoredMessage,
    new_conversation_id,
)
from ...messages.errors import InvalidRequestError
from ...runtime import Address, Reply, Stream

# A message in any form in which a host may have it; dicts have the shape of the OpenAI API.
Given: TypeAlias = NewMessage | StoredMessage | ChatMessage | Mapping[str, Any] | str


class ConversationHandle:
    """One conversation. Making one asks nothing: it need not be there.

    Every method returns a future (`Reply`), but for `export`, which returns a `Stream`. They raise `NotFoundError` where there is no such
    conversation, and a `StoreError` where the store cannot be used now.

    Args:
        conversation_id: Its id.
        conversations: The actor that remembers conversations.
        timeout: Seconds that an answer may take.
        asker: Identity of the caller on whose behalf, or None for the host itself, who may do everything.
    """

    def __init__(
        self, conversation_id: str, conversations: Address, timeout: float, *, asker: str | None = None
    ) -> None:
        self.id = conversation_id
        self._asker = asker
        self._conversations = conversations
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<Conversation {self.id}>"

    def describe(self) -> Reply[Conversation]:
        """Return the conversation without its messages: owner, title, tags, metadata, counts and times."""
        return self._conversations.request(Describe(conversation_id=self.id, asker=self._asker), timeout=self._timeout)

    def history(
        self, limit: int = 100, *, before: int | None = None, after: int | None = None, agent: str | None = None
    ) -> Reply[Page]:
        """Return a page of its messages, oldest first.

        Args:
            limit: Messages at most (1 to 1000).
            before: `page.before` of a page, to get the one of older messages. None: the newest.
            after: `page.after` of a page, to get the one of newer messages; 0 for the oldest.
            agent: The aside of this agent instead of the conversation's main line.
        """
        wanted = HistoryWanted(
            conversation_id=self.id, asker=self._asker, before=before, after=after, agent_id=agent, limit=limit
        )
        return self._conversations.request(wanted, timeout=self._timeout)

    def line(self, up_to: str) -> Reply[Page]:
        """Return all that was said up to a message, from the first on, as one page; where the conversation has branches, in that message's branch."""
        return self._conversations.request(
            LineWanted(conversation_id=self.id, asker=self._asker, up_to=up_to), timeout=self._timeout
        )

    def append(self, *messages: Given) -> Reply[tuple[StoredMessage, ...]]:
        """Keep messages at its end, and begin it where it is not there; answered when they are durable.

        Args:
            *messages: Text is a user's message. `NewMessage` says more: an id, a parent, asides, groups, metadata. A message whose id is there
                already is not kept a second time.

        Raises:
            InvalidRequestError: An argument is no message.
        """
        return self._conversations.request(
            Append(conversation_id=self.id, asker=self._asker, messages=_new_messages(messages)), timeout=self._timeout
        )

    def branch(self, up_to: str | None = None, *, id: str | None = None) -> Reply[Conversation]:  # noqa: A002 - its name everywhere
        """Begin a new conversation with copies of its messages.

        Args:
            up_to: Id of the last message to be copied, with what answers its tool calls; None for all of the main line.
            id: Of the new conversation, or None to have one made.
        """
        return self._conversations.request(
            Branch(conversation_id=self.id, asker=self._asker, up_to=up_to, id=id or new_conversation_id()),
            timeout=self._timeout,
        )

    def replace(self, messages: Iterable[Given], *, version: int | None = None) -> Reply[Conversation]:
        """Put other messages in the place of all that are there; all or nothing.

        Args:
            messages: As for `append`.
            version: `conversation.version` as you know it: where it is another by now, nothing is replaced and `StoreConflict` raised. None: never
                mind.

        Raises:
            InvalidRequestError: An entry is no message.
        """
        return self._conversations.request(
            Replace(conversation_id=self.id, asker=self._asker, messages=_new_messages(messages), version=version),
            timeout=self._timeout,
        )

    def delete(self) -> Reply[bool]:
        """Forget it with all its messages; answers whether it was there."""
        return self._conversations.request(Delete(conversation_id=self.id, asker=self._asker), timeout=self._timeout)

    def export(self) -> Stream[StoredMessage, Conversation]:
        """Read the whole log, asides included, from its first message on: `for`, or `async for`.

        Its length does not matter: it is read page by page, no faster than you read.
        """
        return self._conversations.stream(Export(conversation_id=self.id, asker=self._asker))

    def change(self, **changes: Any) -> Reply[Conversation]:
        """Change title (text or None), tags (texts) or metadata (JSON); what is not named stays.

        Raises:
            InvalidRequestError: A value is of the wrong type.
        """
        if "tags" in changes:
            changes["tags"] = _tags(changes["tags"])
        if not isinstance(changes.get("title"), (str, type(None))):
            raise InvalidRequestError("title must be text", param="title")
        if not isinstance(changes.get("metadata", {}), Mapping):
            raise InvalidRequestError("metadata must be a mapping", param="metadata")
        return self._conversations.request(
            Change(conversation_id=self.id, asker=self._asker, changes=changes), timeout=self._timeout
        )

    def set_state(self, name: str, value: Any) -> Reply[Conversation]:
        """Keep something of your own with it (JSON), under a name; None forgets it. Never begins a conversation."""
        return self._conversations.request(
            SetState(conversation_id=self.id, asker=self._asker, name=name, value=value), timeout=self._timeout
        )

    def cancel(self) -> Reply[Conversation]:
        """Ask whatever works on it to stop: `conversation.cancelled_at` tells. A request that waits for its answer is cancelled by its own future."""
        return self._conversations.request(
            SetCancelled(conversation_id=self.id, asker=self._asker), timeout=self._timeout
        )

    def resume(self) -> Reply[Conversation]:
        """Take `cancel` back."""
        return self._conversations.request(
            SetCancelled(conversation_id=self.id, asker=self._asker, cancelled=False), timeout=self._timeout
        )


def _new_messages(given: Iterable[Given]) -> tuple[NewMessage, ...]:
    return tuple(_new_message(each, number) for number, each in enumerate(given))


def _new_message(given: object, number: int) -> NewMessage:
    if isinstance(given, NewMessage):
        return given
    if isinstance(given, str):
        return NewMessage(message=ChatMessage(content=given))
    if isinstance(given, ChatMessage):
        return NewMessage(message=given)
    if isinstance(given, StoredMessage):
        return _again(given)
    if isinstance(given, Mapping):
        from ..dialects.openai_chat import parse_message  # noqa: PLC0415 - only for hosts that pass dicts

        return NewMessage(message=parse_message(given, f"messages.{number}"))
    raise InvalidRequestError(
        f"messages.{number} is no message, but {type(given).__name__}", param=f"messages.{number}"
    )


def _again(stored: StoredMessage) -> NewMessage:
    """Return a message that was kept as one that shall be kept again: all but its place and its time."""
    return NewMessage(
        message=stored.message,
        id=stored.id,
        parent_id=stored.parent_id,
        sidechain=stored.sidechain,
        group_id=stored.group_id,
        agent_id=stored.agent_id,
        provider=stored.provider,
        model=stored.model,
        input_tokens=stored.input_tokens,
        output_tokens=stored.output_tokens,
        request_id=stored.request_id,
        metadata=stored.metadata,
    )


def _tags(tags: object) -> tuple[str, ...]:
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise InvalidRequestError("tags must be a list of texts", param="tags")
    made = tuple(tags)
    if not all(isinstance(tag, str) for tag in made):
        raise InvalidRequestError("tags must be a list of texts", param="tags")
    return made
