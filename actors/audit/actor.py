"""Keeps the record: one event per request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs

from ...messages.audit import AuditEvent, EventsWanted, RequestFinished
from ...messages.errors import NotFoundError
from ...runtime import ASYNCIO, Actor, spawned
from ..outlet.backlog import Backlog
from ..outlet.outlet import Outlet, OutletConfig
from .event import Scribe
from .port import AuditSink, AuditStore

Command: TypeAlias = RequestFinished | EventsWanted


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

    Takes RequestFinished from those who answer requests, and EventsWanted. Tells nobody.
    """

    home = ASYNCIO

    def __init__(
        self, scribe: Scribe, drains: tuple[Drain, ...], *, store: AuditStore | None = None, patience: float = 5.0
    ) -> None:
        super().__init__()
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

    def on_request_finished(self, message: RequestFinished) -> None:
        """Write it down."""
        event = self._scribe.event_of(message)
        for outlet in self._outlets.values():
            outlet.add(event)

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
