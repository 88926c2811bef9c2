"""Holds the store open for all who use it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import attrs

from ...messages.base import Message
from ...runtime import ASYNCIO, Actor
from .status import Kept, StoreStatus

logger = logging.getLogger(__name__)

# Seconds that the start waits for the store. Past it the house opens without: routing does not need a store.
_PATIENCE: Final = 2.0


@attrs.frozen(kw_only=True)
class StoreStatusWanted(Message[StoreStatus]):
    """How is the store?"""


class StoreKeeper(Actor[StoreStatusWanted]):
    """Opens the store, opens it anew when it fails, and closes it last of all.

    Takes StoreStatusWanted. Tells nobody: those who use the store hear from it themselves.
    """

    home = ASYNCIO

    def __init__(self, store: Kept) -> None:
        super().__init__()
        self._store = store

    async def on_start(self) -> None:
        """Open the store; one that cannot be opened is told, and tried again, but does not keep the house from starting."""
        self.spawn(self._store.run)
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._store.known()
        except TimeoutError:
            logger.warning("the store %s does not answer; going on without it until it does", self._store.status().name)
        fault = self._store.status().fault
        if fault is not None:
            logger.warning("the store cannot be used, and is tried again every second: %s", fault)

    def on_store_status_wanted(self, message: StoreStatusWanted) -> StoreStatus:  # noqa: ARG002 - there is nothing to say in it
        """Return how the store is."""
        return self._store.status()

    def snapshot(self) -> dict[str, Any]:
        """Return how the store is."""
        status = self._store.status()
        return {
            "store": status.name,
            "state": "ok" if status.fault is None else type(status.fault).__name__,
            "fault": None if status.fault is None else str(status.fault),
            "pending": status.pending,
            "commits": status.commits,
            "committed": status.committed,
        }
