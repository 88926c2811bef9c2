"""A bounded mailbox with two lanes; the only door to an actor, open to every thread."""

from __future__ import annotations

import collections
import math
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pykka._envelope import Envelope as PykkaEnvelope

from ..messages.errors import ActorStopped, MailboxFull
from .envelope import Envelope
from .system_messages import is_system

# An operator's questions; more than this many at once is a flood too.
SYSTEM_LANE_CAPACITY = 1000


class Mailbox:
    """Holds the messages of one actor, in order, across its restarts.

    The system lane (stop, inspect, kill) overtakes the user lane, so a flooded actor can still be looked at and stopped. A full lane refuses the
    message at once: nothing is dropped silently and no sender is blocked.
    """

    __slots__ = (
        "_capacity",
        "_closed",
        "_earliest",
        "_lock",
        "_monotonic",
        "_owner",
        "_promised",
        "_system",
        "_user",
        "_waiting",
        "_wake",
    )

    def __init__(self, owner: str, capacity: int, monotonic: Callable[[], float]) -> None:
        self._owner = owner
        self._capacity = capacity
        self._monotonic = monotonic
        self._user: collections.deque[Envelope] = collections.deque()
        self._system: collections.deque[Envelope] = collections.deque()
        # No queued message expires before this; exact after `expire`, never too late. Looking at all of them for each would take too long.
        self._earliest = math.inf
        self._lock = threading.Lock()
        self._closed: str | None = None
        self._waiting = False
        self._promised = False
        self._wake: Callable[[], None] | None = None

    # -- senders, any thread

    def put(self, envelope: PykkaEnvelope[Any], /) -> None:
        """Queue a message.

        Raises:
            MailboxFull: The lane is at its bound.
            ActorStopped: The actor is gone for good.
        """
        wake = self._append(envelope, lazily=False)
        if wake is not None:
            wake()

    def put_lazily(self, envelope: PykkaEnvelope[Any], /) -> Callable[[], None] | None:
        """Queue a message for which the actor need not be woken at once; returns how to wake it, or None where that is not needed.

        Raises:
            MailboxFull, ActorStopped: As `put`.
        """
        return self._append(envelope, lazily=True)

    def _append(self, envelope: PykkaEnvelope[Any], *, lazily: bool) -> Callable[[], None] | None:
        ours = Envelope.of(envelope)
        lane, capacity = (
            (self._system, SYSTEM_LANE_CAPACITY) if is_system(ours.message) else (self._user, self._capacity)
        )
        with self._lock:
            if self._closed is not None and (lane is self._user or self._closed != "draining"):
                raise ActorStopped(f"actor {self._owner!r} is {self._closed}", actor=self._owner)
            if len(lane) >= capacity:
                raise MailboxFull(
                    f"mailbox of actor {self._owner!r} is full ({capacity} messages wait)",
                    actor=self._owner,
                    capacity=capacity,
                )
            ours.enqueued_at = self._monotonic()
            lane.append(ours)
            if ours.deadline < self._earliest and lane is self._user:
                self._earliest = ours.deadline
            if not self._waiting or (lazily and self._promised):
                return None
            self._promised = lazily
            # Who comes in haste wakes the actor, though somebody else has promised to do so.
            self._waiting = lazily
            return self._wake

    # -- the actor's loop

    def attach(self, wake: Callable[[], None]) -> None:
        """Name the function that wakes the actor's loop; callable from any thread."""
        with self._lock:
            self._wake = wake
            self._waiting = self._promised = False

    def take(self, *, system_only: bool = False) -> Envelope | None:
        """Return the next message, system lane first, or None. After None the next `put` calls `wake`."""
        with self._lock:
            if self._system:
                return self._system.popleft()
            if self._user and not system_only:
                envelope = self._user.popleft()
                if not self._user:
                    self._earliest = math.inf
                return envelope
            self._waiting = True
            self._promised = False
            return None

    def expire(self, now: float) -> list[Envelope]:
        """Remove and return the queued messages whose deadline has passed."""
        with self._lock:
            expired = [envelope for envelope in self._user if envelope.deadline <= now]
            if expired:
                kept = [envelope for envelope in self._user if envelope.deadline > now]
                self._user.clear()
                self._user.extend(kept)
            self._earliest = min([envelope.deadline for envelope in self._user], default=math.inf)
        return expired

    def next_deadline(self) -> float:
        """Return when to call `expire`: no later than the earliest deadline of a queued message; infinity when none has one."""
        return self._earliest

    @property
    def idle(self) -> bool:
        """Whether the actor's loop waits for a message and none is queued. Read on that loop; a message that arrives meanwhile is concurrent."""
        return self._waiting and not self._user and not self._system

    # -- the actor's life

    def resize(self, capacity: int) -> None:
        """Set the bound of the user lane; for a mailbox that was addressed before its actor was described."""
        self._capacity = capacity

    def drain(self) -> None:
        """Refuse further user messages; what is queued will still be handled."""
        with self._lock:
            if self._closed is None:
                self._closed = "draining"

    def close(self, state: str) -> list[Envelope]:
        """Refuse everything from now on and return what was still queued; `state` ("stopped") is told to senders."""
        with self._lock:
            self._closed = state
            left = [*self._system, *self._user]
            self._system.clear()
            self._user.clear()
            self._earliest = math.inf
        return left

    def reopen(self) -> None:
        """Take messages again: a supervisor starts the actor anew."""
        with self._lock:
            self._closed = None

    # -- inspection, any thread

    def depth(self) -> int:
        """Return the number of queued messages, both lanes."""
        return len(self._user) + len(self._system)

    def age(self) -> float:
        """Return how long the oldest queued message has waited, in seconds; 0.0 when empty."""
        with self._lock:
            oldest = min([lane[0].enqueued_at for lane in (self._user, self._system) if lane], default=None)
        return 0.0 if oldest is None else max(0.0, self._monotonic() - oldest)

    def message_types(self) -> dict[str, int]:
        """Return how many messages of each type are queued."""
        with self._lock:
            return dict(collections.Counter(type(envelope.message).__name__ for envelope in self._queued()))

    def _queued(self) -> Iterator[Envelope]:
        yield from self._system
        yield from self._user

    # -- pykka's inbox protocol

    def get(self) -> Envelope:
        """Return the next message without waiting, as pykka's inbox protocol wants it.

        Raises:
            queue.Empty: There is none.
        """
        envelope = self.take()
        if envelope is None:
            raise queue.Empty
        return envelope

    def empty(self) -> bool:
        """Whether nothing is queued."""
        return self.depth() == 0
