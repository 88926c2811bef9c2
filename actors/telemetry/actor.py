"""Tells those who trace what happened, some moments after it did."""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeAlias

from ...messages.audit import RequestFinished
from ...messages.routing import AttemptFinished
from ...runtime import ASYNCIO, Actor
from .port import Recorder
from .strands import Strands

# Requests that wait for their attempts, or to be told of.
_MOST: Final = 10_000
# Seconds in which the attempts of a request that has ended are told of by metering, which hears of them on a way of their own.
_GATHER: Final = 0.25

Command: TypeAlias = RequestFinished | AttemptFinished


class Telemetry(Actor[Command]):
    """Puts requests together with their attempts, and has spans and measurements made of them.

    Takes RequestFinished from the audit and AttemptFinished from metering, which nobody waits for. Tells nobody.
    """

    home = ASYNCIO

    def __init__(self, recorder: Recorder, *, gather: float = _GATHER) -> None:
        super().__init__()
        self._recorder = recorder
        self._gather = gather
        self._strands = Strands(_MOST)
        self._arrived = asyncio.Event()
        self._recorded = 0

    async def on_start(self) -> None:
        """Begin to record."""
        self.spawn(self._record)

    async def on_stop(self) -> None:
        """Record what is left."""
        while len(self._strands):
            await self._record_batch()
        await self._recorder.aclose()

    def on_request_finished(self, message: RequestFinished) -> None:
        """Have it recorded soon."""
        self._strands.end(message)
        self._arrived.set()

    def on_attempt_finished(self, message: AttemptFinished) -> None:
        """Keep it for its request."""
        self._strands.add(message)

    def snapshot(self) -> dict[str, Any]:
        """Return how the recording goes."""
        return {"waiting": len(self._strands), "recorded": self._recorded, "dropped": self._strands.dropped}

    async def _record(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while len(self._strands):
                await asyncio.sleep(self._gather)
                await self._record_batch()

    async def _record_batch(self) -> None:
        strands = self._strands.take()
        if strands:
            await self._recorder.record(strands)
            self._recorded += len(strands)
