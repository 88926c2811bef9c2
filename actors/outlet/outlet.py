"""Writes what was told, in groups and in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import attrs

from ...messages.errors import StoreError, StoreUnavailable
from .backlog import Backlog

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Seconds for which things gather before they are written, unless somebody waits for them: a commit costs the same for one as for a hundred.
_GATHER: Final = 0.02

# Things in one commit.
_MOST_TOGETHER: Final = 500


@attrs.frozen(kw_only=True)
class OutletConfig:
    """How an outlet writes.

    Attributes:
        what: What it writes, for logs and errors ("the ledger").
        patience: Seconds after which those who wait hear that the store is away.
        retry: Seconds between two tries to write to a store that is away: well below the 5 s within which one that is back must be found.
    """

    what: str
    patience: float = 5.0
    retry: float = 1.0


class Outlet(Generic[T]):
    """The way from an actor to what outlives it. Owned by one actor on the asyncio loop; the backlog outlives both.

    Args:
        config: How it writes.
        write: Keeps a batch, all of it or none; must bear to be given one again whose fate is unknown.
        backlog: What waits to be written.
    """

    def __init__(
        self, config: OutletConfig, write: Callable[[Sequence[T]], Awaitable[None]], backlog: Backlog[T]
    ) -> None:
        self._config = config
        self._write = write
        self._backlog = backlog
        self._arrived = asyncio.Event()
        self._arrived.set()  # for what an earlier incarnation of its actor left
        self._awaited = asyncio.Event()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._fault: StoreError | None = None

    def add(self, thing: T) -> None:
        """Have it written soon."""
        if not self._backlog.add(thing):
            self._dropped_one()
        self._arrived.set()

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self._gather()
            while len(self._backlog):
                if not await self._write_batch():
                    await asyncio.sleep(self._config.retry)

    async def finish(self) -> None:
        """Write what is left; called when `run` has ended."""
        while len(self._backlog) and await self._write_batch():
            pass
        if len(self._backlog):
            logger.error("%d rows of %s are lost: %s", len(self._backlog), self._config.what, self._fault)

    async def settled(self) -> None:
        """Wait until everything added until now is written.

        Raises:
            StoreUnavailable: It was not, within the patience; or some of it was dropped.
        """
        if not len(self._backlog):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._backlog.added, future))
        self._awaited.set()
        try:
            async with asyncio.timeout(self._config.patience):
                await future
        except TimeoutError:
            raise self._too_late() from self._fault

    def describe(self) -> dict[str, Any]:
        """Return how the writing goes, as plain data."""
        return {
            "waiting": len(self._backlog),
            "written": self._backlog.settled - self._backlog.dropped,
            "dropped": self._backlog.dropped,
            "fault": None if self._fault is None else str(self._fault),
        }

    async def _gather(self) -> None:
        if not self._waiting:
            try:
                async with asyncio.timeout(_GATHER):
                    await self._awaited.wait()
            except TimeoutError:
                pass
        self._awaited.clear()

    async def _write_batch(self) -> bool:
        """Write the oldest; returns whether that succeeded."""
        try:
            await self._write(self._backlog.take(_MOST_TOGETHER))
        except StoreError as error:
            if type(self._fault) is not type(error):
                logger.warning(
                    "%s is not written for now, %d rows wait: %s", self._config.what, len(self._backlog), error
                )
            self._fault = error
            return False
        self._backlog.confirm()
        self._fault = None
        self._tell_waiting()
        return True

    def _tell_waiting(self) -> None:
        settled = self._backlog.settled
        for count, future in self._waiting:
            if count <= settled and not future.done():
                future.set_result(None)
        self._waiting = [(count, future) for count, future in self._waiting if not future.done()]

    def _too_late(self) -> StoreUnavailable:
        why = self._fault or "it does not answer"
        store = self._fault.store if self._fault is not None else "unknown"
        return StoreUnavailable(
            f"{self._config.what} was not written within {self._config.patience:g} s: {why}", store=store
        )

    def _dropped_one(self) -> None:
        """Whoever waits cannot know any more that all is kept."""
        if self._backlog.dropped == 1:
            logger.error(
                "rows of %s are dropped, oldest first: its store has been away too long: %s",
                self._config.what,
                self._fault,
            )
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(self._too_late())
        self._waiting.clear()
