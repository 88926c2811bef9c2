"""Makes one connection per provider instance."""

from __future__ import annotations

from ...actors.connection.actor import Connection, ConnectionConfig
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ActorSystem, ChildSpec
from .budgets import purse
from .plan import Plan


def connection_spec(plan: Plan, instance: InstanceSettings, system: ActorSystem) -> ChildSpec:
    """Return the description of the connection to an instance, as the plan has it when it starts."""

    def connection() -> Connection:
        now = next((each for each in plan.instances if each.name == instance.name), instance)
        return Connection(
            connection_config(plan.settings, now),
            plan.provider(now),
            health=system.address("health"),
            metering=system.address("metering"),
            publish=plan.loads.publisher(now.name),
            credentials=system.address("credentials"),
            purse=purse(plan.settings, system),
        )

    capacity = plan.settings.runtime.mailbox_capacity
    return ChildSpec(name=instance.name, factory=connection, mailbox_capacity=capacity)


def connection_config(settings: Settings, instance: InstanceSettings) -> ConnectionConfig:
    """Return what the connection to an instance goes by."""
    return ConnectionConfig(
        instance=instance.name,
        max_concurrency=instance.max_concurrency,
        max_queue=instance.max_queue,
        breaker=settings.routing.health.circuit_breaker,
        adaptive=instance.adaptive,
        limits=instance.limits,
    )
