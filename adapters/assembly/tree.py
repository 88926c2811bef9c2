"""The supervision tree: children, order, strategy, limits, and no work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...actors.connection.port import Provider
from ...actors.signals.actor import Signals
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ASYNCIO, TRIO, ActorSystem, ChildSpec, Intensity, SupervisorSpec
from ...runtime.home import HomeKind
from ..host.bound import no_host
from ..host.desk import Desk
from ..prices import price_book
from ..providers.build import build_provider
from ..secrets.resolvers import resolvers_of
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
from .inference import inference
from .loads import LoadBoard
from .memory import audit_factory, conversations_factory, keeper_specs, metering_factory
from .routing import health, lacking, router
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
    provider_of: Callable[[InstanceSettings], Provider] | None = None,
    stores: Stores | None = None,
    desk: Desk | None = None,
) -> SupervisorSpec:
    """Return the supervision tree.

    Children start from top to bottom and stop from bottom to top, so that whoever is told something outlives whoever tells it.

    Args:
        settings: The settings.
        instances: The provider instances to connect, in order of preference.
        environ: Where credentials are looked up.
        system: The system that will run the tree; it gives the addresses.
        edge: Actors that let others in (the HTTP API); they start last and stop first.
        provider_of: Makes the provider behind an instance; None: what its settings say.
        stores: Where things are kept; None: where the settings say.
        desk: Where host and actors meet; None: nobody is at it.

    Raises:
        SettingsError: An instance lacks its credential or its URL.
    """
    desk = desk or Desk()
    resolvers = resolvers_of(settings, environ)
    unconnected = lacking(settings, instances, environ, resolvers)
    provider = provider_of or (lambda each: build_provider(each, environ, resolvers=resolvers))
    intensity = _intensity(settings)
    capacity = settings.runtime.mailbox_capacity
    host = desk.host or no_host(system)
    stores = stores or stores_of(settings, environ)
    prices = price_book(instances, settings.pricing)
    loads = LoadBoard(instances, settings.routing.balance)

    def child(name: str, factory: Any, home: HomeKind = TRIO) -> ChildSpec:
        return ChildSpec(name=name, factory=factory, home=home, mailbox_capacity=capacity)

    return SupervisorSpec(
        name="root",
        intensity=intensity,
        children=(
            *keeper_specs(stores),
            *telemetry_specs(settings, instances),
            child("metering", metering_factory(settings, stores, prices, system), ASYNCIO),
            child("budgets", budgets_factory(settings, prices, system, desk)),
            child("audit", audit_factory(settings, stores, prices, system), ASYNCIO),
            child("conversations", conversations_factory(settings, stores, system), ASYNCIO),
            child("health", lambda: health(settings, instances, system)),
            child("signals", lambda: Signals(desk.signals, health=system.address("health"))),
            child("credentials", lambda: credentials(settings, instances, environ, system, desk.board, resolvers)),
            child("discovery", lambda: discovery(settings, instances, environ, system, desk.board, resolvers)),
            child("router", lambda: router(settings, instances, prices, system, loads, unconnected)),
            SupervisorSpec(
                name="connections",
                intensity=intensity,
                children=tuple(connection_spec(settings, each, provider, system, loads) for each in instances),
            ),
            *cache_specs(settings, environ, capacity),
            child("structurer", lambda: structurer(system)),
            child("inference", inference(settings, instances, prices, system, host)),
            child("counter", lambda: counter(settings, system)),
            child("toolbox", lambda: toolbox(system, host, settings.mcp.overrides)),
            SupervisorSpec(name="mcp", intensity=intensity, children=mcp_servers(settings, environ, system)),
            child("embedder", lambda: embedder(settings, instances, system)),
            daemon_spec(settings.daemon, environ, system),
            *debug_specs(settings, environ, system),
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
