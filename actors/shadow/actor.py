"""Asks the shadow what others were asked, one request after the other."""

from __future__ import annotations

import collections
from typing import Any, Final, TypeAlias

import attrs
import trio

from ...messages.caller import Caller
from ...messages.chat import Escalation, Request, new_id
from ...messages.errors import LegionError
from ...messages.prices import PriceBook
from ...messages.routing import Infer
from ...messages.settings import ShadowSettings
from ...messages.shadow import Compare, Comparison, ShadowReport, ShadowReportWanted
from ...runtime import Actor, Address, Clock
from .compare import comparison, report

# A step of another request: it takes the way to the provider alone, so that a shadow has no shadow.
_ASKER: Final = Caller(identity="shadow", type="subcall")

Command: TypeAlias = Compare | ShadowReportWanted


class Shadow(Actor[Command]):
    """Compares answers with those of another model.

    Takes Compare, which nobody waits for, and ShadowReportWanted. Tells nobody. What waits when it dies is not compared.

    Args:
        settings: Whom to ask.
        inference: Asks it.
        prices: What models cost.
        clock: The system's clock.
    """

    def __init__(self, settings: ShadowSettings, inference: Address, prices: PriceBook, clock: Clock) -> None:
        super().__init__()
        self._settings = settings
        self._inference = inference
        self._prices = prices
        self._time = clock
        self._comparisons: collections.deque[Comparison] = collections.deque(maxlen=settings.history)
        self._queue, self._waiting = trio.open_memory_channel[Compare](settings.queue)
        self._dropped = 0

    async def on_start(self) -> None:
        """Begin to ask."""
        self.spawn(self._ask_in_turn)

    def on_compare(self, message: Compare) -> None:
        """Have it compared in its turn, unless too many wait."""
        try:
            self._queue.send_nowait(message)
        except trio.WouldBlock:
            self._dropped += 1

    def on_shadow_report_wanted(self, _message: ShadowReportWanted) -> ShadowReport:
        """Return the last comparisons."""
        return report(self._comparisons)

    async def _ask_in_turn(self) -> None:
        async for message in self._waiting:
            await self._compare(message)

    async def _compare(self, message: Compare) -> None:
        """Ask the shadow; one that fails or takes too long has failed, and no more."""
        request, primary = message.request, message.response
        try:
            with trio.fail_after(self._settings.timeout):
                answer = await self._inference.ask(Infer(request=self._asked(request)))
        except (LegionError, trio.TooSlowError) as error:
            shadow = "/".join(name for name in (self._settings.provider, self._settings.model) if name is not None)
            self._comparisons.append(
                Comparison(
                    request_id=request.id,
                    evaluated_at=self._time.time(),
                    primary=primary.final_resolution or primary.model,
                    shadow=shadow,
                    error=type(error).__name__,
                )
            )
            return
        self._comparisons.append(comparison(request.id, primary, answer, self._prices, self._time.time()))

    def _asked(self, request: Request) -> Request:
        """Return the request as the shadow is asked it: elsewhere, for nobody, and under all that the caller's was bound by."""
        return attrs.evolve(
            request,
            id=new_id("req_"),
            model=self._settings.model,
            provider=self._settings.provider,
            tier=None,
            caller=_ASKER,
            conversation_id=None,
            idempotency_key=None,
            escalation=Escalation(enabled=False),
            confidence=None,
            trace=None,
        )

    def snapshot(self) -> dict[str, Any]:
        """Return how many of the kept comparisons there are, how many of the shadows failed, and how many requests were not compared."""
        told = report(self._comparisons)
        return {
            "evaluated": told.evaluated,
            "failed": told.failed,
            "models": told.models,
            "waiting": self._waiting.statistics().current_buffer_used,
            "dropped": self._dropped,
        }
