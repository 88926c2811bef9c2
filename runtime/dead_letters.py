"""Messages that nobody handled: counted, and the last of them kept, without their contents."""

from __future__ import annotations

import collections
import threading

import attrs

from .clock import Clock


@attrs.frozen(kw_only=True)
class DeadLetter:
    """One message that was not handled.

    Attributes:
        message: Name of its type; its contents may be somebody's prompt.
        reason: unhandled (no handler), stopped (no actor), full (flooded), expired (deadline passed), or lost (its actor crashed).
        at: Unix seconds.
    """

    actor: str
    message: str
    reason: str
    at: float


class DeadLetters:
    """Keeps the last `kept` dead letters and counts all of them; any thread."""

    def __init__(self, kept: int, clock: Clock) -> None:
        self._clock = clock
        self._letters: collections.deque[DeadLetter] = collections.deque(maxlen=kept)
        self._counts: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()

    def add(self, actor: str, message: object, reason: str) -> None:
        """Note one."""
        letter = DeadLetter(actor=actor, message=type(message).__name__, reason=reason, at=self._clock.time())
        with self._lock:
            self._letters.append(letter)
            self._counts[reason] += 1

    def describe(self) -> dict[str, object]:
        """Return counts by reason and the last letters, newest first."""
        with self._lock:
            return {
                "total": self._counts.total(),
                "by_reason": dict(self._counts),
                "last": [attrs.asdict(letter) for letter in reversed(self._letters)],
            }
