"""The place of one actor in the tree: what outlives its restarts."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..messages.errors import ActorStopped, LegionError
from . import fork
from .clock import Clock
from .dead_letters import DeadLetters
from .envelope import Envelope
from .home import TRIO, Home, HomeKind, loop_thread
from .interruption import expired
from .mailbox import Mailbox
from .statistics import Statistics

if TYPE_CHECKING:
    from .process import Process


class CellState(enum.StrEnum):
    """Where an actor is in its life."""

    EMPTY = "empty"  # an address was asked for, no child of this name was started yet
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"  # between two incarnations; the mailbox keeps what comes
    DRAINING = "draining"
    STOPPED = "stopped"
    FAILED = "failed"


# The states in which messages are taken in and nobody takes them out.
_DOWN: Final = frozenset({CellState.EMPTY, CellState.STARTING, CellState.RESTARTING})
# While an actor is down, a message may come whose deadline is before all that wait; seconds until it is seen.
_LOOK_AGAIN: Final = 0.1


class Cell:
    """Mailbox, statistics and state of one actor, across its incarnations.

    Attributes:
        waits_for: What this actor's exclusive handler is asking, and whom: edges of the wait-for graph. Read from any loop.
        process: The incarnation that lives now, or None.
    """

    __slots__ = (
        "_homes",
        "_watched",
        "born",
        "clock",
        "dead_letters",
        "home",
        "home_kind",
        "mailbox",
        "name",
        "process",
        "state",
        "statistics",
        "waits_for",
    )

    def __init__(
        self, name: str, capacity: int, clock: Clock, dead_letters: DeadLetters, homes: Callable[[HomeKind], Home]
    ) -> None:
        self.born = fork.generation()
        self.name = name
        self.clock = clock
        self.dead_letters = dead_letters
        self.mailbox = Mailbox(name, capacity, clock.monotonic)
        self.statistics = Statistics()
        self.state = CellState.EMPTY
        self.process: Process | None = None
        self.waits_for: list[tuple[Cell, Envelope]] = []
        self.home_kind = TRIO
        self._homes = homes
        self._watched = False
        self.home: Home | None = None

    def settle(self, kind: HomeKind) -> Home:
        """Choose the event loop, starting its thread if no actor lives there yet."""
        self.home_kind = kind
        self.home = self._homes(kind)
        return self.home

    def put(self, envelope: Envelope) -> None:
        """Queue a message.

        Raises:
            MailboxFull: The actor is flooded.
            ActorStopped: It is gone.
        """
        try:
            self.mailbox.put(envelope)
        except LegionError as error:
            self._not_queued(envelope, error)
            raise
        if self.state is not CellState.READY and envelope.deadline != math.inf:
            self.watch()

    def leave(self, envelope: Envelope) -> None:
        """Queue a message that nobody waits for, and have the actor woken soon, together with others.

        Raises:
            MailboxFull, ActorStopped: As `put`.
        """
        try:
            wake = self.mailbox.put_lazily(envelope)
        except LegionError as error:
            self._not_queued(envelope, error)
            raise
        if wake is None:
            return
        here = loop_thread.home
        if here is None or here is self.home:
            wake()
        else:
            here.later(wake)

    def _not_queued(self, envelope: Envelope, error: LegionError) -> None:
        self.dead_letters.add(self.name, envelope.message, "stopped" if isinstance(error, ActorStopped) else "full")

    def watch(self) -> None:
        """While the actor is down, answer the messages whose deadline passes. From any thread."""
        if not self._watched and self._deadlines_pass_unseen():
            self._homes(TRIO).spawn(self._watch)

    def _deadlines_pass_unseen(self) -> bool:
        return self.state in _DOWN and self.mailbox.next_deadline() != math.inf

    async def _watch(self) -> None:
        """Run on the supervisors' loop: the actor's own may be what is slow."""
        if self._watched:
            return
        self._watched = True
        home = self._homes(TRIO)
        while self._deadlines_pass_unseen():
            soon = self.clock.monotonic() + _LOOK_AGAIN
            await home.park_until(home.parker(), min(self.mailbox.next_deadline(), soon))
            self.expire()
        self._watched = False
        self.watch()  # a message may have come between the last look and the line above

    def expire(self) -> None:
        """Answer the queued messages whose deadline has passed; for the time in which no actor takes them."""
        now = self.clock.monotonic()
        for envelope in self.mailbox.expire(now):
            self.refuse(envelope, expired(envelope, now), "expired")

    def refuse(self, envelope: Envelope, error: LegionError, reason: str) -> None:
        """Answer a message with an error instead of handling it."""
        self.dead_letters.add(self.name, envelope.message, reason)
        if envelope.reply_to is not None:
            envelope.reply_to.fail(error)

    def close(self, state: CellState) -> None:
        """End for good: every asker still waiting in the mailbox hears so."""
        self.state = state
        for envelope in self.mailbox.close(str(state)):
            self.refuse(
                envelope,
                ActorStopped(f"actor {self.name!r} is {state}; the message was not handled", actor=self.name),
                "stopped",
            )

    def describe(self) -> dict[str, object]:
        """Return what the runtime knows, without asking the actor."""
        return {
            "name": self.name,
            "state": str(self.state),
            "home": str(self.home_kind),
            "mailbox": {
                "depth": self.mailbox.depth(),
                "age": round(self.mailbox.age(), 6),
                "types": self.mailbox.message_types(),
            },
            **self.statistics.describe(self.clock.monotonic()),
        }
