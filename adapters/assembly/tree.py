"""The supervision tree: children, order, strategy, limits, and no work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...actors.signals.actor import Signals
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ASYNCIO, TRIO, ActorSystem, ChildSpec, Intensity, SupervisorSpec
from ...runtime.home import HomeKind
from ..host.bound import no_host
from ..host.desk import Desk
from ..stores.choose import Stores, stores_of
from .budgets import budgets_factory
from .caching import cache_specs
from .connections import connection_spec
from .counting import counter
from .credentials import credentials
from .daemon import daemon_spec
from .debug import debug_specs
from .discovery import discovery
from .embedding import embedder
from .events import with_events
from .fleet import fleet_specs
from .inference import inference
from .knowledge import learner_specs
from .memory import audit_factory, conversations_factory, keeper_specs, metering_factory
from .plan import Plan
from .routing import health, router
from .scheduling import scheduler_factory
from .shadow import shadow_specs
from .structured import structurer
from .telemetry import telemetry_specs
from .tools import mcp_servers, toolbox


def tree_of(
    settings: Settings,
    instances: tuple[InstanceSettings, ...],
    environ: Mapping[str, str],
    system: ActorSystem,
    *,
    edge: tuple[ChildSpec, ...] = (),
    stores: Stores | None = None,
    desk: Desk | None = None,
    plan: Plan | None = None,
) -> SupervisorSpec:
    """Return the supervision tree.

    Children start from top to bottom and stop from bottom to top, so that whoever is told something outlives whoever tells it.

    Args:
        settings: The settings.
        instances: The provider instances to connect, in order of preference.
        environ: Where credentials are looked up.
        system: The system that will run the tree; it gives the addresses.
        edge: Actors that let others in (the HTTP API); they start last and stop first.
        stores: Where things are kept; None: where the settings say.
        desk: Where host and actors meet; None: nobody is at it.
        plan: What settings and instances mean, for those who change it while the tree runs; None: it never changes.

    Raises:
        SettingsError: An instance lacks its credential or its URL.
    """
    desk = desk or Desk()
    plan = plan or Plan.drawn(settings, instances, environ, system)
    intensity = _intensity(settings)
    capacity = settings.runtime.mailbox_capacity
    host = desk.host or no_host(system)
    stores, couriers = with_events(settings, environ, stores or stores_of(settings, environ))

    def child(name: str, factory: Any, home: HomeKind = TRIO) -> ChildSpec:
        return ChildSpec(name=name, factory=factory, home=home, mailbox_capacity=capacity)

    return SupervisorSpec(
        name="root",
        intensity=intensity,
        children=(
            *keeper_specs(stores),
            *couriers,
            *telemetry_specs(settings, instances),
            child("metering", metering_factory(plan, stores, system), ASYNCIO),
            child("budgets", budgets_factory(plan, system, desk)),
            child("audit", audit_factory(plan, stores, system), ASYNCIO),
            child("conversations", conversations_factory(settings, stores, system), ASYNCIO),
            child("health", lambda: health(plan.settings, plan.instances, system)),
            child("signals", lambda: Signals(desk.signals, health=system.address("health"))),
            child("credentials", lambda: credentials(plan, environ, system, desk.board)),
            child("discovery", lambda: discovery(plan, environ, system, desk.board)),
            child(
                "router",
                lambda: router(plan.settings, plan.instances, plan.prices, system, plan.loads, plan.unconnected),
            ),
            *fleet_specs(plan, environ, system, desk.board),
            SupervisorSpec(
                name="connections",
                intensity=intensity,
                children=tuple(connection_spec(plan, each, system) for each in instances),
            ),
            *cache_specs(settings, environ, capacity),
            *learner_specs(plan, system, host),
            *shadow_specs(plan, system),
            child("structurer", lambda: structurer(system)),
            child("inference", inference(plan, system, host)),
            child("scheduler", scheduler_factory(settings, stores, system), ASYNCIO),
            child("counter", lambda: counter(settings, system)),
            child("toolbox", toolbox(settings, environ, system, host)),
            SupervisorSpec(name="mcp", intensity=intensity, children=mcp_servers(settings, environ, system)),
            child("embedder", lambda: embedder(plan.settings, plan.instances, system)),
            daemon_spec(settings.daemon, environ, system),
            *debug_specs(plan, environ, system),
            *edge,
        ),
    )


def _intensity(settings: Settings) -> Intensity:
    runtime = settings.runtime
    return Intensity(
        max_restarts=runtime.max_restarts,
        max_seconds=runtime.max_seconds,
        backoff_initial=runtime.backoff_initial,
        backoff_max=runtime.backoff_max,
    )
