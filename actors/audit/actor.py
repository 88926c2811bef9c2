"""Keeps the record: one event per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs

from ...messages.audit import AuditEvent, EventsWanted, RequestFinished
from ...messages.errors import NotFoundError
from ...messages.prices import PricesChanged
from ...messages.totals import RequestTotals, RequestTotalsWanted
from ...runtime import ASYNCIO, Actor, Address, spawned
from ..outlet.backlog import Backlog
from ..outlet.outlet import Outlet, OutletConfig
from .event import Scribe
from .log_line import log_request
from .port import AuditSink, AuditStore
from .tally import Tally

Command: TypeAlias = RequestFinished | EventsWanted | RequestTotalsWanted | PricesChanged


@attrs.frozen(kw_only=True)
class Drain:
    """A sink with what waits for it; both outlive the actor.

    Attributes:
        name: store, jsonl, or log.
    """

    name: str
    sink: AuditSink
    backlog: Backlog[AuditEvent]


class Audit(Actor[Command]):
    """Writes an event for every request that has ended to every sink; each sink at its own pace.

    Takes RequestFinished from those who answer requests, EventsWanted and RequestTotalsWanted. Tells `telemetry`, where there is one, of them.
    """

    home = ASYNCIO
    hears_out = True

    def __init__(
        self,
        scribe: Scribe,
        drains: tuple[Drain, ...],
        *,
        store: AuditStore | None = None,
        patience: float = 5.0,
        telemetry: Address | None = None,
    ) -> None:
        super().__init__()
        self._telemetry = telemetry
        self._tally = Tally()
        self._scribe = scribe
        self._drains = drains
        self._store = store
        self._outlets: Mapping[str, Outlet[AuditEvent]] = {
            drain.name: Outlet(
                OutletConfig(what=f"the audit ({drain.name})", patience=patience), drain.sink.append, drain.backlog
            )
            for drain in drains
        }

    async def on_start(self) -> None:
        """Begin to write, also what an earlier incarnation could not."""
        for outlet in self._outlets.values():
            self.spawn(outlet.run)

    async def on_stop(self) -> None:
        """Write what is left."""
        for outlet in self._outlets.values():
            await outlet.finish()
        for drain in self._drains:
            await drain.sink.aclose()

    def on_prices_changed(self, message: PricesChanged) -> None:
        """Go by these from the next request on."""
        self._scribe = attrs.evolve(self._scribe, prices=message.prices)

    def on_request_finished(self, message: RequestFinished) -> None:
        """Count it, and write it down."""
        self._tally.add(message)
        log_request(message)
        if self._telemetry is not None:
            self._telemetry.leave(message)
        if not self._outlets:
            return
        event = self._scribe.event_of(message)
        for outlet in self._outlets.values():
            outlet.add(event)

    def on_request_totals_wanted(self, _message: RequestTotalsWanted) -> tuple[RequestTotals, ...]:
        """Return what was counted since the start."""
        return self._tally.totals()

    @spawned
    async def on_events_wanted(self, message: EventsWanted) -> tuple[AuditEvent, ...]:
        """Return what the store holds, events told before included."""
        if self._store is None:
            raise NotFoundError(
                "no events are kept to be looked at: the settings audit.enabled and audit.sinks keep none in the store"
            )
        await self._outlets["store"].settled()
        return await self._store.events(message.query)

    def snapshot(self) -> dict[str, Any]:
        """Return how the writing goes."""
        return {name: outlet.describe() for name, outlet in self._outlets.items()}
