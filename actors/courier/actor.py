"""Hands events on, from where they wait to whoever takes them."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import attrs

from ...messages.base import Message
from ...messages.errors import StoreError
from ...runtime import ASYNCIO, Actor
from .port import Outside, Spool

logger = logging.getLogger(__name__)

# Events that are handed on side by side.
_MOST_TOGETHER: Final = 100

# Seconds after which it is tried again, where spool or outside are away.
_RETRY: Final = 1.0


@attrs.frozen(kw_only=True)
class CourierStatus(Message[int]):
    """How many events have you handed on?"""


class Courier(Actor[CourierStatus]):
    """Owns the way out. Takes CourierStatus. Tells nobody of ours.

    An event is handed on, and then forgotten: who dies in between hands it on again under the same id. Nobody's request waits for it.
    """

    home = ASYNCIO

    def __init__(self, spool: Spool, outside: Outside) -> None:
        super().__init__()
        self._spool = spool
        self._outside = outside
        self._handed = self._failed = 0

    async def on_start(self) -> None:
        """Begin with what an earlier process has left."""
        self.spawn(self._hold_open)
        await self._outside.open()
        self.spawn(self._run)

    async def on_stop(self) -> None:
        """Close the spool; whoever fills it has stopped before."""
        await self._spool.aclose()

    def on_courier_status(self, _message: CourierStatus) -> int:
        """Return how many events were handed on since the start."""
        return self._handed

    def snapshot(self) -> dict[str, Any]:
        """Return how it goes."""
        return {"connected": self._outside.is_there, "handed": self._handed, "failed": self._failed}

    async def _run(self) -> None:
        while True:
            try:
                moved = self._outside.is_there and await self._hand_on()
            except StoreError as error:
                logger.warning("events wait, for their spool cannot be used: %s", error)
                moved = False
            if moved:
                continue
            try:
                async with asyncio.timeout(_RETRY):
                    await self._spool.arrived()
            except TimeoutError:
                continue

    async def _hand_on(self) -> bool:
        """Hand on what is due; returns whether there may be more."""
        events = await self._spool.due(_MOST_TOGETHER)
        taken = await asyncio.gather(*[self._outside.hand(event) for event in events])
        ids = [event.id for event, is_taken in zip(events, taken, strict=True) if is_taken]
        if ids:
            await self._spool.handed(ids)
        self._handed += len(ids)
        self._failed += len(events) - len(ids)
        return bool(ids)

    async def _hold_open(self) -> None:
        """Let go when the actor ends; `on_stop` would not be called after a crash."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._outside.aclose()
