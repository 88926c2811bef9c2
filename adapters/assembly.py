"""Wires actors and adapters together; the one place that knows both sides of every port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..actors.connection.actor import Connection, ConnectionConfig
from ..actors.connection.port import Provider
from ..actors.health.actor import Health, HealthConfig
from ..actors.health.circuit import Limits
from ..actors.inference.actor import Inference
from ..actors.metering.actor import Metering
from ..actors.router.actor import Router, RouterConfig
from ..actors.router.catalogue import Instance
from ..actors.router.decide import Defaults
from ..messages.settings import InstanceSettings, Settings
from ..runtime import ActorSystem, Address, ChildSpec, Intensity, SupervisorSpec
from .providers.build import build_provider


def tree_of(
    settings: Settings,
    instances: tuple[InstanceSettings, ...],
    environ: Mapping[str, str],
    system: ActorSystem,
    *,
    edge: tuple[ChildSpec, ...] = (),
    provider_of: Callable[[InstanceSettings], Provider] | None = None,
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

    Raises:
        SettingsError: An instance lacks its credential or its URL.
    """
    provider = provider_of or (lambda each: build_provider(each, environ))
    intensity = _intensity(settings)
    capacity = settings.runtime.mailbox_capacity

    def child(name: str, factory: Any) -> ChildSpec:
        return ChildSpec(name=name, factory=factory, mailbox_capacity=capacity)

    return SupervisorSpec(
        name="root",
        intensity=intensity,
        children=(
            child("metering", lambda: Metering(settings.metering.keep_attempts)),
            child("health", lambda: _health(settings, instances, system)),
            child("router", lambda: _router(settings, instances, system)),
            SupervisorSpec(
                name="connections",
                intensity=intensity,
                children=tuple(_connection_spec(each, provider, system, capacity) for each in instances),
            ),
            child("inference", lambda: _inference(settings, system)),
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


def _health(settings: Settings, instances: tuple[InstanceSettings, ...], system: ActorSystem) -> Health:
    health = settings.routing.health
    breaker = health.circuit_breaker
    config = HealthConfig(
        instances=tuple(each.name for each in instances),
        limits=Limits(failure_threshold=breaker.failure_threshold, cooldown=breaker.cooldown_seconds),
        window=health.window_seconds,
        latency_threshold_ms=health.latency_penalty_threshold_ms,
    )
    router = system.address("router")

    def listeners(instance: str) -> Iterable[Address]:
        return router, _connection(system, instance)

    return Health(config, listeners)


def _router(settings: Settings, instances: tuple[InstanceSettings, ...], system: ActorSystem) -> Router:
    config = RouterConfig(
        instances=tuple(map(_routable, instances)),
        defaults=Defaults(model=settings.default_model, provider=settings.default_provider),
    )
    return Router(config, system.address("health"))


def _routable(instance: InstanceSettings) -> Instance:
    return Instance(
        name=instance.name,
        provider=instance.provider,
        kind=instance.kind,
        tier=instance.tier,
        default_model=instance.default_model,
        models=instance.models,
    )


def _connection(system: ActorSystem, instance: str) -> Address:
    return system.address(f"connections/{instance}")


def _connection_spec(
    instance: InstanceSettings, provider: Callable[[InstanceSettings], Provider], system: ActorSystem, capacity: int
) -> ChildSpec:
    config = ConnectionConfig(
        instance=instance.name,
        max_concurrency=instance.max_concurrency,
        max_queue=instance.max_queue,
        fetch_catalogue=instance.models is None,
    )

    def connection() -> Connection:
        return Connection(
            config,
            provider(instance),
            health=system.address("health"),
            metering=system.address("metering"),
            router=system.address("router"),
        )

    return ChildSpec(name=instance.name, factory=connection, mailbox_capacity=capacity)


def _inference(settings: Settings, system: ActorSystem) -> Inference:
    addresses: dict[str, Address] = {}

    def connection(instance: str) -> Address:
        address = addresses.get(instance)
        if address is None:
            address = addresses[instance] = _connection(system, instance)
        return address

    return Inference(router=system.address("router"), connection=connection, max_attempts=settings.max_attempts)
