"""What the runtime itself says to an actor; these overtake every other message."""

from __future__ import annotations

from typing import Any

import attrs
from pykka import messages as pykka_messages

from ..messages.base import Message


class SystemMessage(Message[Any]):
    """Base of the runtime's own messages."""

    __slots__ = ()


@attrs.frozen(kw_only=True)
class Stop(SystemMessage):
    """Finish and stop.

    Attributes:
        deadline: Monotonic moment until which queued messages and running tasks may finish; then they are cancelled.
        final: False when the supervisor will start the actor again: the mailbox then keeps what is queued.
    """

    deadline: float
    final: bool = True


@attrs.frozen(kw_only=True)
class Inspect(SystemMessage):
    """Describe your state as plain data."""


@attrs.frozen(kw_only=True)
class Kill(SystemMessage):
    """Crash, as if by a bug: what an operator does to a sick actor, and a test to a healthy one."""

    reason: str = "killed"


_PYKKA_STOP: type = pykka_messages._ActorStop  # noqa: SLF001 - ActorRef.stop() sends it; pykka offers no public name


_SYSTEM: frozenset[type] = frozenset({Stop, Inspect, Kill, _PYKKA_STOP})


def is_system(message: Any) -> bool:
    """Whether a message travels in the system lane."""
    return type(message) in _SYSTEM


def is_pykka_stop(message: Any) -> bool:
    """Whether a message is what `pykka.ActorRef.stop()` sends."""
    return isinstance(message, _PYKKA_STOP)
