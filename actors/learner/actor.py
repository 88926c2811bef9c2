"""Tells the host's learner what answers have said, one answer after the other."""

from __future__ import annotations

import collections
import logging
import math
from collections.abc import Callable
from typing import Any

import trio

from ...messages.errors import HostError, LegionError
from ...messages.learning import Capture, Learned
from ...messages.settings import LearningSettings
from ...runtime import Actor
from .port import Learner
from .reflection import reflect

logger = logging.getLogger(__name__)


class Learning(Actor[Capture]):
    """Hands answers to the host's learner, and what is read out of long ones.

    Takes Capture, which nobody waits for; its mailbox is the queue, and what finds it full is not told. Tells nobody.

    Args:
        learner: Keeps what was learnt.
        settings: What it is told.
        now: Monotonic seconds.
    """

    def __init__(self, learner: Learner, settings: LearningSettings, now: Callable[[], float]) -> None:
        super().__init__()
        self._learner = learner
        self._settings = settings
        self._now = now
        self._read_at = -math.inf
        self._told: collections.Counter[str] = collections.Counter()
        self._failed = 0

    async def on_capture(self, message: Capture) -> None:
        """Tell the learner; one that fails or takes too long does not learn it."""
        learned = self._learned(message.answer)
        if not learned:
            return
        try:
            with trio.fail_after(self._settings.timeout):
                await self._learner.learn(learned)
        except (LegionError, trio.TooSlowError) as error:
            self._failed += 1
            level = logging.WARNING if self._failed == 1 else logging.DEBUG
            logger.log(level, "the host's learner failed", exc_info=error if isinstance(error, HostError) else None)
            return
        self._told.update(each.kind for each in learned)

    def _learned(self, answer: Learned) -> tuple[Learned, ...]:
        captured = (answer,) if self._settings.capture else ()
        return (*captured, *self._reflected(answer))

    def _reflected(self, answer: Learned) -> tuple[Learned, ...]:
        reflection, now = self._settings.reflection, self._now()
        is_due = now - self._read_at >= reflection.cooldown_seconds
        if not reflection.enabled or not is_due or len(answer.content) < reflection.min_chars:
            return ()
        self._read_at = now
        return reflect(answer)

    def snapshot(self) -> dict[str, Any]:
        """Return how much was told, by kind, and how much the learner could not keep."""
        return {"told": dict(self._told), "failed": self._failed}
