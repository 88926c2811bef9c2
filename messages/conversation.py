"""What is remembered of a conversation, and what is asked about it."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Final

import attrs

from .base import Message, StreamMessage
from .chat import ChatMessage
from .content import Content, Extra
from .ids import new_id
from .tool_memory import ToolsUsed

_NOTHING: Final[Extra] = MappingProxyType({})


# Callers choose ids, which become keys of stores and parts of paths.
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
NO_CONVERSATION_ID: Final = (
    "a conversation's id has 1 to 128 letters, digits, '_', '.', ':' and '-', a letter or digit first"
)


def is_conversation_id(text: str) -> bool:
    """Return whether a text may be the id of a conversation."""
    return _WELL_FORMED.fullmatch(text) is not None


def new_conversation_id() -> str:
    """Return the id of a new conversation."""
    return new_id("conv_", 16)


def new_message_id() -> str:
    """Return the id of a new message."""
    return new_id("msg_")


@attrs.frozen(kw_only=True)
class MessageFacts:
    """A message and what is kept beside it.

    Attributes:
        parent_id: Message that it answers or follows, or None where it follows the one before it in the log.
        sidechain: Whether it belongs to an aside (an agent's own work), which is no part of the conversation's main line.
        group_id: Messages of the same group stand together (answers to the same question), or None.
        agent_id: Agent whose aside it belongs to, or None.
        provider: Provider instance that made it, or None; likewise `model` and tokens.
        request_id: Request in which it was said, or None.
        metadata: Whatever a host wants to keep with it (JSON).
    """

    message: ChatMessage
    parent_id: str | None = None
    sidechain: bool = False
    group_id: str | None = None
    agent_id: str | None = None
    provider: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    request_id: str | None = None
    metadata: Extra = _NOTHING


@attrs.frozen(kw_only=True)
class StoredMessage(MessageFacts):
    """A message as it is kept. Once kept it is never changed.

    Attributes:
        seq: Its place in the log of its conversation, counted from 1; gaps are possible, repetitions are not.
        id: Its id, unique within the conversation.
        created_at: Unix seconds.
    """

    seq: int
    id: str
    created_at: float


@attrs.frozen(kw_only=True)
class NewMessage(MessageFacts):
    """A message that shall be kept.

    Attributes:
        id: Its id, unique within the conversation; made where it is None. A message whose id is there already is not kept a second time.
    """

    id: str | None = None


@attrs.frozen(kw_only=True)
class Conversation:
    """A conversation without its messages.

    Attributes:
        owner: Identity of the caller who began it, or None where nobody was known; others do not find it.
        created_at: Unix seconds.
        updated_at: Unix seconds of the last change.
        last_seq: Place of its last message, 0 for none.
        count: Number of its messages, asides included.
        is_linked: Whether a message of it names a parent, so that its main line must be followed from link to link.
        cancelled_at: Unix seconds at which somebody asked for its work to stop, or None.
        title: For people, or None.
        tags: For sorting.
        metadata: Whatever a host wants to keep with it (JSON).
        state: What parts of the system keep with it, by their names (JSON).
        version: Counts its changes.
    """

    id: str
    created_at: float
    updated_at: float
    owner: str | None = None
    last_seq: int = 0
    count: int = 0
    is_linked: bool = False
    cancelled_at: float | None = None
    title: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Extra = _NOTHING
    state: Extra = _NOTHING
    version: int = 0


@attrs.frozen(kw_only=True)
class Page:
    """Some of a conversation's messages, oldest first.

    Attributes:
        before: Give this as `before` to get the page of older ones; None where there are none.
        after: Give this as `after` to get the page of newer ones; None where there are none.
    """

    conversation: Conversation
    messages: tuple[StoredMessage, ...]
    before: int | None = None
    after: int | None = None


@attrs.frozen(kw_only=True)
class Append(Message[tuple[StoredMessage, ...]]):
    """Keep these messages at the end of the log; answered when they are durable.

    Attributes:
        asker: Identity on whose behalf, or None for the host itself, who may do everything.
        creates: Whether a conversation that is not there is begun.
        tools: What was done with tools meanwhile, or None; it becomes part of the conversation's state.
        state: Changes of the conversation's state, by name; None forgets one.

    Raises:
        NotFoundError: There is no such conversation, and `creates` is False; or it is somebody else's.
        StoreError: They could not be kept.
    """

    conversation_id: str
    messages: tuple[NewMessage, ...]
    asker: str | None = None
    creates: bool = True
    tools: ToolsUsed | None = None
    state: Extra = _NOTHING


@attrs.frozen(kw_only=True)
class HistoryWanted(Message[Page]):
    """A page of the main line, or of an agent's aside.

    Attributes:
        before: Messages older than this place, the newest of them; None for the end of the conversation.
        after: Messages newer than this place, the oldest of them; takes the place of `before`.
        agent_id: The aside of this agent instead of the main line.
        limit: Messages at most (1 to 1000).
    """

    conversation_id: str
    before: int | None = None
    after: int | None = None
    agent_id: str | None = None
    limit: int = 100
    asker: str | None = None


@attrs.frozen(kw_only=True)
class LineWanted(Message[Page]):
    """All that was said up to a message, from the first on: along the links, whatever the main line is by now. One page holds it.

    Raises:
        NotFoundError: There is no such conversation, or no such message in it; or it is somebody else's.
    """

    conversation_id: str
    up_to: str
    asker: str | None = None


@attrs.frozen(kw_only=True)
class Export(StreamMessage[Conversation, StoredMessage]):
    """The whole log, asides included, message by message from the first; answered with the conversation."""

    conversation_id: str
    asker: str | None = None


@attrs.frozen(kw_only=True)
class Branch(Message[Conversation]):
    """Begin a new conversation with copies of the main line up to a message, and what answers its tool calls.

    Attributes:
        up_to: Id of the last message to be copied; None for all of it.
        id: Of the new conversation; made where it is None.
    """

    conversation_id: str
    up_to: str | None = None
    id: str = attrs.field(factory=new_conversation_id)
    asker: str | None = None


@attrs.frozen(kw_only=True)
class Replace(Message[Conversation]):
    """Put these messages in the place of all that are there; all or nothing.

    Attributes:
        version: The conversation must be of this version still, or None.

    Raises:
        StoreConflict: It is of another version.
    """

    conversation_id: str
    messages: tuple[NewMessage, ...]
    version: int | None = None
    asker: str | None = None


@attrs.frozen(kw_only=True)
class Delete(Message[bool]):
    """Forget a conversation with all its messages; answered with whether it was there."""

    conversation_id: str
    asker: str | None = None


@attrs.frozen(kw_only=True)
class Describe(Message[Conversation]):
    """The conversation without its messages."""

    conversation_id: str
    asker: str | None = None


@attrs.frozen(kw_only=True)
class Change(Message[Conversation]):
    """Change what is said about a conversation.

    Attributes:
        changes: Fields of `Conversation` by name: title, tags, metadata; those that are not named stay.
    """

    conversation_id: str
    changes: Extra
    asker: str | None = None


@attrs.frozen(kw_only=True)
class SetState(Message[Conversation]):
    """Keep something with a conversation, or forget it; never begins one.

    Attributes:
        value: JSON, or None to forget it.
    """

    conversation_id: str
    name: str
    value: Any
    asker: str | None = None


@attrs.frozen(kw_only=True)
class SetCancelled(Message[Conversation]):
    """Ask for the work on a conversation to stop, or take that back."""

    conversation_id: str
    cancelled: bool = True
    asker: str | None = None


@attrs.frozen(kw_only=True)
class ListConversations(Message[tuple[Conversation, ...]]):
    """Conversations, the one changed last first.

    Attributes:
        owner: Those of this caller alone, or None.
        after: The last one of the page before, or None for the first page.
        limit: At most (1 to 1000).
    """

    owner: str | None = None
    after: Conversation | None = None
    limit: int = 100


@attrs.frozen(kw_only=True)
class Context:
    """What of a conversation goes before a request's own messages.

    Attributes:
        messages: What the model shall see, oldest first: `history` as it was said, or shortened.
        history: The newest messages of the main line that were looked at, oldest first.
        left_out: Messages of the main line that the model does not see.
        is_whole: Whether `history` reaches back to the beginning.
    """

    messages: tuple[ChatMessage, ...] = ()
    history: tuple[StoredMessage, ...] = ()
    left_out: int = 0
    is_whole: bool = True
    conversation: Conversation | None = None


@attrs.frozen(kw_only=True)
class ContextWanted(Message[Context]):
    """What was said before: as much of it as fits; nothing where the conversation is not there.

    Attributes:
        max_tokens: About how many tokens it may have.
    """

    conversation_id: str
    max_tokens: int
    asker: str | None = None


@attrs.frozen(kw_only=True)
class Turn(Message[None]):
    """A turn has ended and is kept: what can be shortened of what was said may be, now that nobody waits."""

    conversation_id: str


# What goes before a request's messages, and stands for what was said long ago.
SUMMARY_MARK: Final = "summary"


@attrs.frozen(kw_only=True)
class Compaction:
    """What stands for the beginning of a conversation; the log itself stays as it is.

    Attributes:
        up_to: Place of the last message that it stands for; `up_to_id` is that message.
        count: Messages of the main line that it stands for.
        summary: Their content in short.
        method: model or stopwords.
        created_at: Unix seconds.
    """

    up_to: int
    up_to_id: str
    count: int
    summary: str
    method: str
    created_at: float


@attrs.frozen(kw_only=True)
class Curation:
    """A shorter form of one message.

    Attributes:
        message_id: Of the message.
        source: SHA-256 of the message and of how it was to be shortened: where that is another, the short form is of no use.
        content: The short form.
    """

    message_id: str
    source: str
    content: Content
