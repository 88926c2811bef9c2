"""Makes one connection per provider instance."""

from __future__ import annotations

from collections.abc import Callable

from ...actors.connection.actor import Connection, ConnectionConfig
from ...actors.connection.port import Provider
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ActorSystem, ChildSpec
from .budgets import purse
from .loads import LoadBoard


def connection_spec(
    settings: Settings,
    instance: InstanceSettings,
    provider: Callable[[InstanceSettings], Provider],
    system: ActorSystem,
    board: LoadBoard,
) -> ChildSpec:
    """Return the description of the connection to an instance."""
    config = ConnectionConfig(
        instance=instance.name,
        max_concurrency=instance.max_concurrency,
        max_queue=instance.max_queue,
        breaker=settings.routing.health.circuit_breaker,
        adaptive=instance.adaptive,
        limits=instance.limits,
    )

    def connection() -> Connection:
        return Connection(
            config,
            provider(instance),
            health=system.address("health"),
            metering=system.address("metering"),
            publish=board.publisher(instance.name),
            credentials=system.address("credentials"),
            purse=purse(settings, system),
        )

    return ChildSpec(name=instance.name, factory=connection, mailbox_capacity=settings.runtime.mailbox_capacity)
