"""Makes the two sides of a fleet: who sends requests to workers, and who serves them."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.announcer import Announcer
from ...actors.fleet.dispatcher import Dispatcher, DispatcherConfig
from ...actors.fleet.worker import Worker, WorkerConfig
from ...messages.settings import Settings
from ...runtime import ASYNCIO, ActorSystem, ChildSpec
from ..brokers.choose import gateway_link, worker_link
from ..fleet.secrets import naming_of, wire_of
from .addresses import DISPATCHER, WORKER, connection_address
from .plan import Plan


def has_fleet(plan: Plan) -> bool:
    """Whether an instance of the fleet is among the providers."""
    return bool(_names(plan))


def _names(plan: Plan) -> tuple[str, ...]:
    return tuple(each.name for each in plan.instances if each.kind == "fleet")


def fleet_specs(
    plan: Plan, environ: Mapping[str, str], system: ActorSystem, announcer: Announcer
) -> tuple[ChildSpec, ...]:
    """Return the description of the dispatcher, where an instance of the fleet is among the providers.

    Raises:
        SettingsError: A secret cannot be found, or a library is missing.
    """
    if not has_fleet(plan):
        return ()
    section = plan.settings.fleet
    wire, naming = wire_of(section, environ), naming_of(section)
    config = DispatcherConfig(
        confirm_timeout=section.timeouts.confirm,
        chat=section.timeouts.chat,
        stream=section.timeouts.stream,
        embed=section.timeouts.embed,
        credits=section.credits,
    )

    def dispatcher() -> Dispatcher:
        link = gateway_link(section, environ)
        router = system.address("router")
        return Dispatcher(
            config, link, wire, naming, router=router, announcer=announcer, instances=lambda: _names(plan)
        )

    capacity = plan.settings.runtime.mailbox_capacity
    return (ChildSpec(name=DISPATCHER, factory=dispatcher, home=ASYNCIO, mailbox_capacity=capacity),)


def worker_spec(settings: Settings, config: WorkerConfig, environ: Mapping[str, str], system: ActorSystem) -> ChildSpec:
    """Return the description of the actor that serves this system's own instances to the fleet.

    Raises:
        SettingsError: A secret cannot be found, or a library is missing.
    """
    section = settings.fleet
    wire, naming = wire_of(section, environ), naming_of(section)

    def worker() -> Worker:
        return Worker(
            config,
            worker_link(section, environ),
            wire,
            naming,
            router=system.address("router"),
            connection=lambda instance: connection_address(system, instance),
        )

    return ChildSpec(name=WORKER, factory=worker, home=ASYNCIO, mailbox_capacity=settings.runtime.mailbox_capacity)
