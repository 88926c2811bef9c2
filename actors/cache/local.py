"""Remembers answers in this process."""

from __future__ import annotations

import collections
from typing import Any, TypeAlias

import attrs

from ...messages.caching import AnswerFound, AnswerWanted
from ...messages.chat import Response
from ...runtime import Actor


@attrs.frozen(kw_only=True)
class LocalCacheConfig:
    """How much is remembered, and for how long.

    Attributes:
        seconds: For which an answer may be given again.
        entries: Answers at most; the one that was not wanted for the longest time goes first.
    """

    seconds: float
    entries: int


@attrs.frozen
class _Kept:
    response: Response
    until: float


Command: TypeAlias = AnswerWanted | AnswerFound


class LocalCache(Actor[Command]):
    """Owns the answers. Takes AnswerWanted and AnswerFound. Tells nobody."""

    def __init__(self, config: LocalCacheConfig) -> None:
        super().__init__()
        self._config = config
        self._kept: collections.OrderedDict[str, _Kept] = collections.OrderedDict()
        self._hits = self._misses = 0

    def on_answer_wanted(self, message: AnswerWanted) -> Response | None:
        """Return the answer, unless it is too old."""
        kept = self._kept.get(message.key)
        if kept is None or kept.until <= self.clock.monotonic():
            self._kept.pop(message.key, None)
            self._misses += 1
            return None
        self._hits += 1
        self._kept.move_to_end(message.key)
        return kept.response

    def on_answer_found(self, message: AnswerFound) -> None:
        """Remember it."""
        self._kept[message.key] = _Kept(message.response, self.clock.monotonic() + self._config.seconds)
        self._kept.move_to_end(message.key)
        while len(self._kept) > self._config.entries:
            self._kept.popitem(last=False)

    def snapshot(self) -> dict[str, Any]:
        """Return how many are kept, and how often that helped."""
        return {"kept": len(self._kept), "hits": self._hits, "misses": self._misses}
