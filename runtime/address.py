"""How actors and hosts reach an actor: an address that outlives it."""

from __future__ import annotations

import collections
import math
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..messages.base import Message, StreamMessage
from ..messages.errors import AskCycle, LegionError, RuntimeFault
from . import fork
from .envelope import Envelope, Sink, current_ask
from .home import Home, Parker, loop_thread
from .reply import Reply
from .stream import DEFAULT_CAPACITY, Channel, Stream

if TYPE_CHECKING:
    from .cell import Cell

ReplyT = TypeVar("ReplyT")
ItemT = TypeVar("ItemT")

# Asks nested deeper than this are a recursion that spawned handlers keep alive, not a design.
_DEEPEST_PATH: Final = 32


class Address:
    """Where messages to one actor go, whichever incarnation of it lives now. Usable from any thread and any event loop."""

    __slots__ = ("_cell",)

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def __repr__(self) -> str:
        return f"<Address {self.name}>"

    @property
    def name(self) -> str:
        """Path of the actor in the tree."""
        return self._cell.name

    def tell(self, message: Message[Any]) -> None:
        """Send without waiting for an answer.

        Raises:
            MailboxFull: The actor is flooded; the message was not queued.
            ActorStopped: The actor is gone.
            ForkedProcess: It lives in the parent process.
        """
        fork.check(self._cell.born, "the system")
        self._cell.put(Envelope(message))

    def offer(self, message: Message[Any]) -> bool:
        """Send an event that the sender can do without: returns False, and leaves a dead letter, where `tell` would raise.

        Raises:
            ForkedProcess: The actor lives in the parent process, which is no passing trouble.
        """
        fork.check(self._cell.born, "the system")
        try:
            self._cell.put(Envelope(message))
        except LegionError:
            return False  # the dead letter was counted by the cell
        return True

    def leave(self, message: Message[Any]) -> bool:
        """Offer an event that may be heard some milliseconds late: waking another loop costs more than the message, so it is woken for many at once.

        Order is kept: whoever asks or tells afterwards is heard after it, at once.

        Raises:
            ForkedProcess: The actor lives in the parent process.
        """
        fork.check(self._cell.born, "the system")
        try:
            self._cell.leave(Envelope(message))
        except LegionError:
            return False  # as `offer`
        return True

    async def ask(self, message: Message[ReplyT], *, timeout: float | None = None, sink: Sink | None = None) -> ReplyT:
        """Send and wait for the answer. Inherits the deadline of the ask that the caller is working on; cancelling the wait cancels the work.

        Args:
            message: What is wanted.
            timeout: Seconds; the earlier of this and the inherited deadline counts.
            sink: Where the items of a `StreamMessage` go.

        Raises:
            AskCycle: The actor asked would have to wait for the asker.
            DeadlineExceeded, ActorCrashed, ActorStopped, MailboxFull, UnhandledMessage: The runtime's own failures.
            LegionError: What the actor answered.
        """
        home = loop_thread.home
        if home is None:
            return await self.request(message, timeout=timeout, sink=sink)
        outer = current_ask.get()
        pending = home.pending()
        envelope = self._envelope(message, pending, outer, timeout, sink)
        if outer is None or not outer.waiting:
            await self._hand_over(envelope, home)
            answer: ReplyT = await pending.wait()
            return answer
        asker, edge = outer.waiting[-1], (self._cell, envelope)
        asker.waits_for.append(edge)
        try:
            # After the edge is there: of two that ask each other at once, on two loops, at least one sees the other's.
            self._refuse_ring(outer)
            await self._hand_over(envelope, home)
            return await pending.wait()  # type: ignore[no-any-return]
        finally:
            if edge in asker.waits_for:  # else the asker has ended meanwhile, and its list was emptied
                asker.waits_for.remove(edge)

    async def _hand_over(self, envelope: Envelope, home: Home) -> None:
        process = self._cell.process
        if process is not None and process.home is home and process.serves_here(envelope.message):
            await process.serve_here(envelope)
        else:
            self._cell.put(envelope)

    def request(
        self, message: Message[ReplyT], *, timeout: float | None = None, sink: Sink | None = None
    ) -> Reply[ReplyT]:
        """Send and return the answer as a future, for hosts. Failures to send are in the future too."""
        fork.check(self._cell.born, "the system")
        reply: Reply[ReplyT] = Reply()
        deadline = math.inf if timeout is None else self._cell.clock.monotonic() + timeout
        try:
            self._cell.put(Envelope(message, reply, deadline=deadline, sink=sink))
        except LegionError as error:
            reply.fail(error)
        return reply

    def stream(
        self, message: StreamMessage[ReplyT, ItemT], *, timeout: float | None = None, capacity: int = DEFAULT_CAPACITY
    ) -> Stream[ItemT, ReplyT]:
        """Send and return the items of the answer as they come, for hosts.

        Args:
            message: What is wanted.
            timeout: Seconds for the whole stream.
            capacity: Items that may wait for the reader before the writer is slowed.
        """
        channel = Channel(capacity, _parker_here)
        return Stream(channel, self.request(message, timeout=timeout, sink=channel))

    def _envelope(
        self, message: Message[Any], pending: Any, outer: Envelope | None, timeout: float | None, sink: Sink | None
    ) -> Envelope:
        deadline = math.inf if timeout is None else self._cell.clock.monotonic() + timeout
        if outer is None:
            return Envelope(message, pending, deadline=deadline, sink=sink)
        if len(outer.path) >= _DEEPEST_PATH:
            raise _ask_cycle((*outer.path, self._cell.name))
        return Envelope(
            message, pending, deadline=min(deadline, outer.deadline), path=outer.path, waiting=outer.waiting, sink=sink
        )

    def _refuse_ring(self, outer: Envelope) -> None:
        """An ask would wait for itself if the actor asked, or one that it is waiting for in turn, is among those that wait for this answer."""
        ring = _way(self._cell, outer.waiting)
        if ring:
            raise _ask_cycle((*outer.path, *ring))


def _ask_cycle(path: tuple[str, ...]) -> AskCycle:
    return AskCycle(f"this ask would wait for itself: {' -> '.join(path)}", path=path)


def _way(start: Cell, goals: tuple[Cell, ...]) -> tuple[str, ...]:
    """Return the names along the wait-for graph from a cell to the first goal, both included; () when none can be reached."""
    queue: collections.deque[tuple[Cell, tuple[str, ...]]] = collections.deque([(start, (start.name,))])
    seen = {start}
    while queue:
        cell, names = queue.popleft()
        if cell in goals:
            return names
        for following, envelope in tuple(cell.waits_for):
            # A spawned handler's answer waits for what that handler asks, which is an edge of its own, not for its actor.
            if following not in seen and not envelope.beside:
                seen.add(following)
                queue.append((following, (*names, following.name)))
    return ()


def _parker_here() -> Parker:
    """Return a parker for the task that writes: of the actor asked, or of one on another loop to which that one handed the sink."""
    home = loop_thread.home
    if home is None:
        raise RuntimeFault("the items of a stream are sent by actors, on their loops")
    return home.parker()
