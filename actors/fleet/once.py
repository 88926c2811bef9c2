"""What has been begun, and what came of it: whatever has a key happens once."""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import attrs

T = TypeVar("T")


class Stage(enum.Enum):
    """How far something with a key has come."""

    NEW = "new"
    UNDER_WAY = "under_way"
    DONE = "done"


_UNDER_WAY: Final = object()


@attrs.frozen
class Found(Generic[T]):
    """What is known of a key.

    Attributes:
        stage: How far it has come; NEW means that it is reserved from now on.
        result: What came of it, once it is done.
    """

    stage: Stage
    result: T | None = None


class Once(Generic[T]):
    """A bounded memory of keys: reserved, then complete or released.

    Args:
        now: Returns monotonic seconds.
        seconds: For which a key is remembered, counted from its reservation.
        most: Keys at most; beyond them the oldest is forgotten.
    """

    def __init__(self, now: Callable[[], float], *, seconds: float = 600.0, most: int = 100_000) -> None:
        self._now = now
        self._seconds = seconds
        self._most = most
        self._entries: collections.OrderedDict[str, tuple[float, object]] = collections.OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def reserve(self, key: str) -> Found[T]:
        """Return what is known of a key, and reserve it if that is nothing."""
        self._forget_old()
        entry = self._entries.get(key)
        if entry is None:
            self._entries[key] = (self._now(), _UNDER_WAY)
            return Found(Stage.NEW)
        if entry[1] is _UNDER_WAY:
            return Found(Stage.UNDER_WAY)
        return Found(Stage.DONE, entry[1])  # type: ignore[arg-type]

    def complete(self, key: str, result: T) -> None:
        """Remember what came of a key that is reserved; nothing if it was forgotten meanwhile."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries[key] = (entry[0], result)

    def release(self, key: str) -> None:
        """Forget a key: it came to nothing, and may be tried again."""
        self._entries.pop(key, None)

    def _forget_old(self) -> None:
        oldest = self._now() - self._seconds
        while self._entries:
            key, (at, _) = next(iter(self._entries.items()))
            if at > oldest and len(self._entries) < self._most:
                return
            del self._entries[key]
