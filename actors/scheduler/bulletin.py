"""Tells those who wait that something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from ...messages.batch import ItemResult
from .port import QueueStore

# Results read at a time.
_PAGE: Final = 200


class Bulletin:
    """Where those who wait for results look.

    Args:
        store: Where results are.
        look: Seconds after which they look again though nobody said anything: other hosts write results, too. None: there are none.
    """

    def __init__(self, store: QueueStore, look: float | None) -> None:
        self._store = store
        self._look = look
        self._news = asyncio.Event()

    def tell(self) -> None:
        """Something has changed."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def results(self, batch_id: str) -> AsyncIterator[ItemResult]:
        """Yield each result of a batch when it is there, in no order, until all are.

        Raises:
            StoreError: They cannot be read now.
        """
        seen: frozenset[int] = frozenset()
        while True:
            news = self._news  # before looking: what is told meanwhile is heard
            finished = await self._store.finished(batch_id)
            new = sorted(finished - seen)
            for start in range(0, len(new), _PAGE):
                for result in await self._store.at(batch_id, new[start : start + _PAGE]):
                    yield result
            seen = finished
            if len(finished) == len(await self._store.places(batch_id)):
                return
            await self._wait(news)

    async def all_finished(self, batch_id: str) -> None:
        """Wait until all of a batch are finished.

        Raises:
            StoreError: How far it is cannot be read now.
        """
        while True:
            news = self._news
            status = await self._store.status(batch_id, 0.0)
            if status is None or status.is_finished:
                return
            await self._wait(news)

    async def _wait(self, news: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._look):
                await news.wait()
