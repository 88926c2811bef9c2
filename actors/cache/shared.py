"""Remembers answers where other gateways find them, too."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, TypeAlias

import attrs

from ...messages.caching import AnswerFound, AnswerWanted
from ...messages.chat import Response
from ...messages.errors import LegionError
from ...runtime import ASYNCIO, Actor, spawned
from .port import SharedAnswers

logger = logging.getLogger(__name__)

# Seconds for which a cache that failed is left alone: requests must not wait for it one after the other. One that is back is found within 5 s.
_REST: Final = 3.0


@attrs.frozen(kw_only=True)
class SharedCacheConfig:
    """How long answers are kept, and how long one waits for them.

    Attributes:
        seconds: For which an answer may be given again.
        patience: Seconds that a request waits for the cache; then it goes its way without.
    """

    seconds: float
    patience: float


Command: TypeAlias = AnswerWanted | AnswerFound


class SharedCache(Actor[Command]):
    """Asks the shared cache for as long as a request can wait; a cache that fails, hangs or drips is a miss, and then has a rest.

    Takes AnswerWanted and AnswerFound. Tells nobody.
    """

    home = ASYNCIO

    def __init__(self, config: SharedCacheConfig, answers: SharedAnswers) -> None:
        super().__init__()
        self._config = config
        self._answers = answers
        # Of the tasks of this actor's loop only these few numbers are shared, and no task is interrupted between two awaits.
        self._rests_until = 0.0
        self._hits = self._misses = self._failures = 0

    @spawned
    async def on_answer_wanted(self, message: AnswerWanted) -> Response | None:
        """Return the answer, or None where there is none or the cache cannot say."""
        if self._rests():
            return None
        try:
            async with asyncio.timeout(self._config.patience):
                response = await self._answers.get(message.key)
        except (LegionError, TimeoutError) as error:
            self._failed(error)
            return None
        self._hits += response is not None
        self._misses += response is None
        return response

    @spawned
    async def on_answer_found(self, message: AnswerFound) -> None:
        """Keep it; nobody waits for that."""
        if self._rests():
            return
        try:
            async with asyncio.timeout(self._config.patience):
                await self._answers.put(message.key, message.response, self._config.seconds)
        except (LegionError, TimeoutError) as error:
            self._failed(error)

    async def on_stop(self) -> None:
        """Close the connections."""
        await self._answers.aclose()

    def snapshot(self) -> dict[str, Any]:
        """Return how often it helped, and whether it has a rest."""
        return {
            "hits": self._hits,
            "misses": self._misses,
            "failures": self._failures,
            "resting": self._rests(),
        }

    def _rests(self) -> bool:
        return self.clock.monotonic() < self._rests_until

    def _failed(self, error: Exception) -> None:
        if not self._rests():
            logger.warning("the shared cache has a rest of %g s: %s", _REST, str(error) or "it did not answer in time")
        self._failures += 1
        self._rests_until = self.clock.monotonic() + _REST
