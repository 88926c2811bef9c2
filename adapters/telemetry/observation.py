"""How a system stands at one moment: gathered when somebody looks, so that it costs the requests nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import attrs

from ...actors.inference.pipeline.running import Running, RunningWanted
from ...messages.base import Message
from ...messages.chat import ProviderInfo
from ...messages.errors import LegionError
from ...messages.routing import ListProviders
from ...messages.totals import AttemptTotals, AttemptTotalsWanted, RequestTotals, RequestTotalsWanted
from ...runtime import ActorSystem
from ..debug.watch import actors_of

# Seconds an actor gets to say something of itself.
_PATIENCE: Final = 1.0
_CONNECTIONS: Final = "connections/"

EntryT = TypeVar("EntryT")


@attrs.frozen(kw_only=True)
class Observation:
    """A system at one moment. What could not be had in time is left out.

    Attributes:
        at: Unix seconds.
        described: What the runtime knows of every actor.
        actors: The actors thereof, by path.
        providers: Provider instances and how they are.
        connections: What each connection says of itself, by instance.
        attempts: Sums of what was sent to providers.
        requests: Sums of the requests that have ended.
        running: Requests that are under way, the oldest first.
    """

    at: float
    described: Mapping[str, Any]
    actors: Mapping[str, Mapping[str, Any]]
    providers: tuple[ProviderInfo, ...]
    connections: Mapping[str, Mapping[str, Any]]
    attempts: tuple[AttemptTotals, ...]
    requests: tuple[RequestTotals, ...]
    running: tuple[Running, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether requests are taken."""
        return bool(self.described["state"] == "ready")


class Observer:
    """Looks at a system.

    Args:
        system: The system.
    """

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    async def observe(self) -> Observation:
        """Return how it stands."""
        described = self._system.describe()
        actors = actors_of(described["tree"])
        names = [path for path in actors if path.startswith(_CONNECTIONS)]
        (providers, attempts, requests, running), connections = await asyncio.gather(
            asyncio.gather(
                self._ask("router", ListProviders()),
                self._ask("metering", AttemptTotalsWanted()),
                self._ask("audit", RequestTotalsWanted()),
                self._ask("inference", RunningWanted()),
            ),
            asyncio.gather(*[self._system.inspect_async(name, timeout=_PATIENCE) for name in names]),
        )
        snapshots = [each["snapshot"] for each in connections]
        return Observation(
            at=self._system.clock.time(),
            described=described,
            actors=actors,
            providers=providers,
            connections={each["instance"]: each for each in snapshots if "instance" in each},
            attempts=attempts,
            requests=requests,
            running=running,
        )

    async def _ask(self, actor: str, message: Message[tuple[EntryT, ...]]) -> tuple[EntryT, ...]:
        try:
            return await self._system.address(actor).request(message, timeout=_PATIENCE)
        except LegionError:  # busy or down, which the tree shows
            return ()
