"""What travels with a message: who waits for the answer, until when, and along which path it was asked."""

from __future__ import annotations

import contextvars
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from pykka._envelope import Envelope as PykkaEnvelope

if TYPE_CHECKING:
    from .cell import Cell


class Asker(Protocol):
    """The waiting end of an ask. Resolved once; what comes later is ignored, because an answer and a cancellation may race."""

    @property
    def cancelled(self) -> bool:
        """Whether the caller gave up, so that the message need not be handled any more."""

    def set(self, value: Any = None) -> None:
        """Answer with a value."""

    def fail(self, error: BaseException) -> None:
        """Answer with an error."""

    def attach(self, canceller: Callable[[], None]) -> None:
        """Say how to stop the work. Called at once if the caller gave up already; from any thread otherwise."""


class Sink(Protocol):
    """Where the items of a streamed answer go."""

    async def send(self, item: Any, /) -> None:
        """Hand over one item; waits while the reader is behind.

        Raises:
            CancelledError: The reader is gone.
        """


class Envelope(PykkaEnvelope[Any]):
    """A message on its way.

    Attributes:
        deadline: Monotonic moment after which nobody wants the answer; infinity for none.
        path: Names of the actors along which this was asked, the asker last; () when the host asked.
        waiting: The cells among them that take no other message until this is answered.
        sink: Where the items of a streamed answer go, or None.
        beside: Whether a spawned handler works on it, so that its actor's other work does not delay the answer.
        enqueued_at: Monotonic moment at which it entered the mailbox.
    """

    __slots__ = ("beside", "deadline", "enqueued_at", "path", "sink", "waiting")

    def __init__(
        self,
        message: Any,
        reply_to: Asker | None = None,
        *,
        deadline: float = math.inf,
        path: tuple[str, ...] = (),
        waiting: tuple[Cell, ...] = (),
        sink: Sink | None = None,
    ) -> None:
        self.message = message
        self.reply_to: Any = reply_to
        self.deadline = deadline
        self.path = path
        self.waiting = waiting
        self.sink = sink
        self.beside = False
        self.enqueued_at = 0.0

    @classmethod
    def of(cls, envelope: PykkaEnvelope[Any]) -> Envelope:
        """Return the envelope itself, or ours around one that came through pykka's own ActorRef."""
        return envelope if type(envelope) is cls else cls(envelope.message, envelope.reply_to)  # type: ignore[arg-type]


# The ask that the current task is working on: nested asks inherit its deadline and its path.
current_ask: contextvars.ContextVar[Envelope | None] = contextvars.ContextVar("legion_current_ask", default=None)
