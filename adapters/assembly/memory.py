"""Makes the actors that remember: the keeper of the store, and the ledger."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.metering.actor import Metering, MeteringConfig
from ...actors.metering.backlog import Backlog
from ...actors.metering.port import Prices
from ...messages.settings import Settings
from ...runtime import ASYNCIO, ChildSpec
from ..stores.choose import Stores
from ..stores.keeper import StoreKeeper


def keeper_specs(stores: Stores) -> tuple[ChildSpec, ...]:
    """Return the description of the store's keeper, where there is a store to keep."""
    kept = stores.kept
    if kept is None:
        return ()
    return (ChildSpec(name="store", factory=lambda: StoreKeeper(kept), home=ASYNCIO),)


def metering_factory(settings: Settings, stores: Stores, prices: Prices) -> Callable[[], Metering]:
    """Return what makes the actor of the ledger; its incarnations share the rows that are not written yet."""
    config = MeteringConfig(keep_attempts=settings.metering.keep_attempts, patience=settings.store.timeout)
    backlog = Backlog(settings.metering.buffer)
    return lambda: Metering(config, stores.ledger, backlog, prices)
