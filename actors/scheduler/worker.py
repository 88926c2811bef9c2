"""Takes requests up from the queue and has them answered, so many at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import attrs

from ...messages.batch import BatchFault, ItemState
from ...messages.errors import LegionError, StoreError
from ...messages.ids import new_id
from ...messages.routing import Infer
from ...messages.settings.batch import BatchSettings
from ...runtime import Address
from .bulletin import Bulletin
from .order import arranged
from .port import Claim, Ended, QueuedItem, QueueStore
from .retries import next_try

logger = logging.getLogger(__name__)

# Seconds between two tries to reach a store that is away.
_RETRY: Final = 1.0
# The wall clock may be set: nobody sleeps for longer than this without looking at it.
_LONGEST_REST: Final = 60.0
# Seconds after which a shared queue is looked at again: what other hosts submit is told to nobody here.
_LOOK: Final = 1.0
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR

Key = tuple[str, str]


class Worker:
    """One host's share of the work. Owned by the scheduler, on its loop.

    Args:
        settings: How much at once, and how often again.
        timeout: Seconds that one request may take.
        store: Where the queue is.
        inference: Who answers.
        bulletin: Where results are told.
        now: Unix seconds.
        spawn: Starts a task of the scheduler's.
    """

    def __init__(
        self,
        settings: BatchSettings,
        timeout: float,
        store: QueueStore,
        inference: Address,
        bulletin: Bulletin,
        now: Callable[[], float],
        spawn: Callable[[Callable[..., Coroutine[Any, Any, None]], QueuedItem], None],
    ) -> None:
        self._settings = settings
        self._timeout = timeout
        self._store = store
        self._inference = inference
        self._bulletin = bulletin
        self._now = now
        self._spawn = spawn
        self._holder = new_id("host_")
        self._taken: list[QueuedItem] = []
        self._running: dict[Key, QueuedItem] = {}
        self._calls: dict[Key, asyncio.Future[Any]] = {}
        self._wake = asyncio.Event()
        self._fault: StoreError | None = None
        self._ended = 0
        self._forgot_at = 0.0

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        if not self._store.is_shared:
            # Whoever had taken requests up before is no more.
            await self._insist(lambda: self._store.release(None))
        while True:
            self._wake.clear()
            try:
                seconds = await self._take_up()
                await self._forget()
                self._fault = None
            except StoreError as error:
                self._complain(error)
                seconds = _RETRY
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()

    async def keep_leases(self) -> None:
        """Hold what was taken up until cancelled."""
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            if self._taken or self._running:
                with suppress(StoreError):  # the next try comes before the lease ends
                    await self._store.renew(self._holder, self._now() + self._settings.lease_seconds)

    async def let_go(self) -> None:
        """Put back what was taken up, so that others need not wait for the end of the lease."""
        if self._taken or self._running:
            with suppress(StoreError):
                await self._store.release(self._holder)

    def cancel(self, batch_id: str, ids: tuple[str, ...] | None) -> None:
        """Stop what is being answered; it has been written down as cancelled."""
        for key, call in self._calls.items():
            if key[0] == batch_id and (ids is None or key[1] in ids):
                call.cancel()
        self._taken = [
            item for item in self._taken if item.batch_id != batch_id or (ids is not None and item.id not in ids)
        ]

    def describe(self) -> dict[str, Any]:
        """Return what is being done, as plain data."""
        return {
            "running": len(self._running),
            "taken_up": len(self._taken),
            "ended": self._ended,
            "fault": None if self._fault is None else str(self._fault),
        }

    # -- taking up

    async def _take_up(self) -> float:
        """Take up what is due, as far as there is room; returns the seconds for which there is nothing to do."""
        settings, now = self._settings, self._now()
        outlook = await self._store.outlook(now)
        is_full = outlook.ready >= settings.max_batch_size
        if outlook.next_at is not None and (is_full or outlook.next_at <= now):
            # Something urgent finds a place even where much was taken up before.
            limit = max(settings.max_batch_size - len(self._taken), settings.concurrency)
            claim = Claim(
                holder=self._holder,
                id=new_id("claim_"),
                now=now,
                lease_until=now + settings.lease_seconds,
                limit=limit,
                is_full=is_full,
            )
            self._arrange(await self._store.claim(claim))
            outlook = await self._store.outlook(now)
        return self._rest(outlook.next_at, now)

    def _arrange(self, items: tuple[QueuedItem, ...]) -> None:
        taken = {(item.batch_id, item.id): item for item in (*self._taken, *items)}
        # Whose lease had ended while it was being answered here: that goes on, under the new claim.
        self._running.update({key: taken.pop(key) for key in self._running.keys() & taken.keys()})
        self._taken = arranged(taken.values())
        self._begin()

    def _begin(self) -> None:
        while self._taken and len(self._running) < self._settings.concurrency:
            item = self._taken.pop(0)
            self._running[item.batch_id, item.id] = item
            self._spawn(self._see_to, item)

    def _rest(self, next_at: float | None, now: float) -> float:
        longest = _LOOK if self._store.is_shared else _LONGEST_REST
        if next_at is None or len(self._taken) >= self._settings.max_batch_size:
            return longest
        return min(max(next_at - now, 0.0), longest)

    # -- answering

    async def _see_to(self, item: QueuedItem) -> None:
        key = (item.batch_id, item.id)
        try:
            ended = await self._answer(item)
            if ended is not None:
                ended = attrs.evolve(ended, claim=self._running[key].claim)
                await self._insist(lambda: self._store.end([ended]))
                self._ended += 1
        finally:
            del self._running[key]
        self._bulletin.tell()
        self._begin()
        if len(self._taken) < self._settings.concurrency:
            self.wake()

    async def _answer(self, item: QueuedItem) -> Ended | None:
        """Return what became of a request, or None where it was cancelled."""
        if item.attempts > self._settings.max_attempts:
            lost = BatchFault(
                type="Lost", message=f"begun {item.attempts - 1} times, and never ended: its host died over it"
            )
            return self._end(item, ItemState.FAILED, fault=lost)
        # An attempt is a request of its own to ledger and audit.
        request = attrs.evolve(item.request, id=new_id("req_"))
        timeout = self._timeout if request.timeout is None else min(self._timeout, request.timeout)
        call = asyncio.ensure_future(self._inference.ask(Infer(request=request), timeout=timeout))
        self._calls[item.batch_id, item.id] = call
        try:
            return self._end(item, ItemState.COMPLETED, response=await call)
        except LegionError as error:
            return self._failed(item, error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                call.cancel()
                raise
            return None
        finally:
            del self._calls[item.batch_id, item.id]

    def _failed(self, item: QueuedItem, error: LegionError) -> Ended:
        fault = BatchFault(type=type(error).__name__, message=error.message)
        seconds = next_try(error, item.attempts, self._settings)
        if seconds is None:
            return self._end(item, ItemState.FAILED, fault=fault)
        return self._end(item, ItemState.WAITING, fault=fault, not_before=self._now() + seconds)

    def _end(self, item: QueuedItem, state: ItemState, **fields: Any) -> Ended:
        return Ended(batch_id=item.batch_id, id=item.id, claim=item.claim, state=state, at=self._now(), **fields)

    # -- the store

    async def _insist(self, change: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Make a change; again until it is kept."""
        while True:
            try:
                await change()
            except StoreError as error:
                self._complain(error)
                await asyncio.sleep(_RETRY)
            else:
                return

    async def _forget(self) -> None:
        now = self._now()
        if now - self._forgot_at > _HOUR:
            self._forgot_at = now
            await self._store.forget(now - self._settings.keep_days * _DAY)

    def _complain(self, error: StoreError) -> None:
        if type(self._fault) is not type(error):
            logger.warning("the queue of batches waits for its store: %s", error)
        self._fault = error
