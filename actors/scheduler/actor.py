"""Keeps requests that need no answer now, and has them answered when there is time."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final, TypeAlias

import attrs

from ...messages.batch import (
    BatchStatus,
    BatchWanted,
    CancelBatch,
    ItemResult,
    QueueStatus,
    QueueWanted,
    ResultHook,
    ResultsWanted,
    Submit,
    WatchBatch,
)
from ...messages.errors import InvalidRequestError, LegionError, NotFoundError, StoreError
from ...messages.settings.batch import BatchSettings, SchedulingSettings
from ...runtime import ASYNCIO, Actor, Address, Sink, spawned
from .bulletin import Bulletin
from .intake import check, entered
from .peak import Peak
from .port import BatchHead, QueueStore
from .worker import Worker

logger = logging.getLogger(__name__)

# Seconds after which those who wait look again, where other hosts write results, too; and between two tries to read from a store that is away.
_LOOK: Final = 1.0
# Results read at a time.
_PAGE: Final = 500


@attrs.frozen(kw_only=True)
class SchedulerConfig:
    """How the queue is worked on.

    Attributes:
        request_timeout: Seconds that one request may take.
    """

    batch: BatchSettings
    scheduling: SchedulingSettings
    request_timeout: float


Command: TypeAlias = Submit | BatchWanted | ResultsWanted | WatchBatch | CancelBatch | QueueWanted


class Scheduler(Actor[Command]):
    """Keeps batches in a store; takes their requests up in order of urgency, off the peak, so many at a time.

    Takes what `messages.batch` holds. Tells nobody; asks inference. What was acknowledged is in the store: a process that dies loses no request
    and no result, though a request that it was just answering is answered again.
    """

    home = ASYNCIO

    def __init__(self, config: SchedulerConfig, store: QueueStore, inference: Address) -> None:
        super().__init__()
        self._config = config
        self._store = store
        self._peak = Peak(config.scheduling)
        self._bulletin = Bulletin(store, _LOOK if store.is_shared else None)
        self._worker = Worker(
            config.batch, config.request_timeout, store, inference, self._bulletin, self.clock.time, self.spawn
        )
        self._failed_hooks = 0

    async def on_start(self) -> None:
        """Begin to work, also on what an earlier incarnation left."""
        if self._config.batch.enabled:
            self.spawn(self._worker.run)
            self.spawn(self._worker.keep_leases)

    async def on_stop(self) -> None:
        """Leave to others what is not finished."""
        await self._worker.let_go()

    async def on_submit(self, message: Submit) -> BatchStatus:
        """Keep requests; those whose ids are there already are not taken a second time."""
        check(message)
        now = self.clock.time()
        places = await self._store.places(message.batch_id)
        if not places and not message.items:
            raise InvalidRequestError("a batch needs at least one request", param="requests")
        window = self._config.batch.window_seconds
        items = entered(message, places, now, self._peak, window)
        if items:
            head = BatchHead(id=message.batch_id, created_at=now, urgency=message.urgency)
            await self._store.add(head, items)
            self._worker.wake()
        if message.on_result is not None:
            self.spawn(self._call_back, message.batch_id, message.on_result)
        return await self._status(message.batch_id)

    @spawned
    async def on_batch_wanted(self, message: BatchWanted) -> BatchStatus:
        """Return how far a batch is."""
        return await self._status(message.batch_id)

    @spawned
    async def on_results_wanted(self, message: ResultsWanted) -> tuple[ItemResult, ...]:
        """Return how the requests of a batch are, in order."""
        await self._status(message.batch_id)
        if message.wait:
            await self._bulletin.all_finished(message.batch_id)
        found: list[ItemResult] = []
        after, left = message.after, message.limit
        while left is None or left > 0:
            page = await self._store.results(message.batch_id, after, _PAGE if left is None else min(left, _PAGE))
            if not page:
                break
            found += page
            after, left = page[-1].seq, None if left is None else left - len(page)
        return tuple(found)

    @spawned
    async def on_watch_batch(self, message: WatchBatch, sink: Sink) -> BatchStatus:
        """Send results as they come."""
        await self._status(message.batch_id)
        async for result in self._bulletin.results(message.batch_id):
            await sink.send(result)
        return await self._status(message.batch_id)

    async def on_cancel_batch(self, message: CancelBatch) -> BatchStatus:
        """Cancel what is not finished."""
        await self._status(message.batch_id)
        await self._store.cancel(message.batch_id, message.ids, self.clock.time())
        self._worker.cancel(message.batch_id, message.ids)
        self._bulletin.tell()
        return await self._status(message.batch_id)

    @spawned
    async def on_queue_wanted(self, message: QueueWanted) -> QueueStatus:  # noqa: ARG002 - it says all by coming
        """Return what is in the queue."""
        return await self._store.queue()

    def snapshot(self) -> dict[str, Any]:
        """Return what is being done."""
        peak = self._config.scheduling.enabled and self._peak.holds(self.clock.time())
        return {**self._worker.describe(), "is_peak": peak, "failed_callbacks": self._failed_hooks}

    async def _status(self, batch_id: str) -> BatchStatus:
        status = await self._store.status(batch_id, self.clock.time())
        if status is None:
            raise NotFoundError(f"no batch {batch_id!r}")
        return status

    async def _call_back(self, batch_id: str, hook: ResultHook) -> None:
        """Call a host's function with each result; what it raises is its own affair, and the next result comes all the same."""
        told: set[int] = set()
        while True:
            try:
                async for result in self._bulletin.results(batch_id):
                    if result.seq not in told:
                        told.add(result.seq)
                        await self._call(hook, result)
            except StoreError as error:
                logger.warning("results of batch %s cannot be told for now: %s", batch_id, error)
                await asyncio.sleep(_LOOK)
            else:
                return

    async def _call(self, hook: ResultHook, result: ItemResult) -> None:
        try:
            await hook(result)
        except LegionError as error:
            self._failed_hooks += 1
            logger.warning("the callback for request %s of batch %s failed: %s", result.id, result.batch_id, error)
