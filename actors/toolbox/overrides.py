"""Remembers how far overrides are trusted: at hand, in the shared cache, in a file, and in what others know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import attrs
import trio

from ...messages.errors import LegionError
from ...messages.overrides import OverrideRecord
from .confidence import after, fresh, hearsay, is_known

# Seconds for which a call waits for a store.
_PATIENCE: Final = 2.0

logger = logging.getLogger(__name__)


class OverrideStore(Protocol):
    """One of the places where records are kept.

    Raises, wherever it is asked something:
        LegionError: It cannot be reached.
    """

    async def get(self, tool: str) -> OverrideRecord | None:
        """Return the record of a server's tool."""

    async def put(self, record: OverrideRecord) -> None:
        """Keep a record in the place of the one before."""

    async def all(self) -> Sequence[OverrideRecord]:
        """Return all records."""


@attrs.frozen(kw_only=True)
class OverrideStores:
    """Where records are kept beside the memory; None: not there.

    Attributes:
        cache: Shared with other gateways, for an hour.
        file: This machine's own.
        knowledge: The host's; what others have found out counts for less.
    """

    cache: OverrideStore | None = None
    file: OverrideStore | None = None
    knowledge: OverrideStore | None = None

    @property
    def each(self) -> tuple[OverrideStore, ...]:
        """Those that are there, the nearest first."""
        return tuple(store for store in (self.cache, self.file, self.knowledge) if store is not None)


class Overrides:
    """Owned by the toolbox; its tasks use it, all on its loop. A store that fails is tried again with the next record.

    Args:
        stores: Where records are kept.
        now: Returns Unix seconds.
    """

    def __init__(self, stores: OverrideStores, now: Callable[[], float]) -> None:
        self._stores = stores
        self._now = now
        self._known: dict[str, OverrideRecord] = {}
        # By store, what it does not have yet.
        self._pending: dict[OverrideStore, dict[str, OverrideRecord]] = {store: {} for store in stores.each}

    async def hydrate(self) -> None:
        """Read what was known before: from the file, then from the host's knowledge what the file does not know."""
        for record in await self._read_all(self._stores.file):
            self._known.setdefault(record.tool, record)
        for record in await self._read_all(self._stores.knowledge):
            self._known.setdefault(record.tool, hearsay(record))

    async def of(self, tool: str, override: str) -> OverrideRecord:
        """Return what is known of an override: at hand, else in the cache, else in the file, else nothing."""
        known = self._known.get(tool)
        for store in (self._stores.cache, self._stores.file):
            if is_known(known, override, self._now()) or store is None:
                continue
            try:
                with trio.fail_after(_PATIENCE):
                    known = await store.get(tool)
            except (LegionError, trio.TooSlowError) as error:
                logger.warning("confidence in an override of %s cannot be read: %r", tool, error)
        if known is None or not is_known(known, override, self._now()):
            known = fresh(tool, override, self._now())
        # Somebody may have counted meanwhile.
        at_hand = self._known.get(tool)
        if not is_known(at_hand, override, self._now()):
            at_hand = self._known[tool] = known
        assert at_hand is not None
        return at_hand

    async def count(self, tool: str, override: str, *, agreed: bool) -> None:
        """Count a trial."""
        before = await self.of(tool, override)
        record = self._known[tool] = after(self._known.get(tool, before), self._now(), agreed=agreed)
        for store, pending in self._pending.items():
            pending[tool] = record
            await self._flush(store, pending)

    async def _flush(self, store: OverrideStore, pending: dict[str, OverrideRecord]) -> None:
        for tool, record in list(pending.items()):
            try:
                with trio.fail_after(_PATIENCE):
                    await store.put(record)
            except (LegionError, trio.TooSlowError) as error:
                logger.warning("confidence in an override of %s is not kept for now: %r", tool, error)
                return
            if pending.get(tool) is record:
                del pending[tool]

    async def _read_all(self, store: OverrideStore | None) -> Sequence[OverrideRecord]:
        if store is None:
            return ()
        try:
            with trio.fail_after(_PATIENCE):
                return await store.all()
        except (LegionError, trio.TooSlowError) as error:
            logger.warning("confidence in overrides cannot be read: %r", error)
        return ()

    def snapshot(self) -> dict[str, dict[str, object]]:
        """Return what is known, by the server's tool."""
        return {
            record.tool: {
                "override": record.override,
                "confidence": record.confidence,
                "hits": record.hits,
                "misses": record.misses,
            }
            for record in self._known.values()
        }
