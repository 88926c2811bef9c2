"""What every message is: a frozen value that names the type of its answer."""

from __future__ import annotations

from typing import Generic, TypeVar

ReplyT = TypeVar("ReplyT")
ItemT = TypeVar("ItemT")


class Message(Generic[ReplyT]):
    """Base of everything that is put into a mailbox.

    A request names its answer, `class Route(Message[Resolution])`, so that `await router.ask(Route(...))` is a `Resolution` to a type checker.
    An event names None. Subclasses are frozen attrs classes of plain values: no sockets, no futures, no exceptions.
    """

    __slots__ = ()


class StreamMessage(Message[ReplyT], Generic[ReplyT, ItemT]):
    """A request that is answered by many items and, at the end, one reply."""

    __slots__ = ()
