"""Makes the actors that decide where a request goes: router and health."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from ...actors.health.actor import Health, HealthConfig
from ...actors.router.actor import Router, RouterConfig
from ...actors.router.catalogue import Instance
from ...actors.router.policy import Policy
from ...messages.prices import PriceBook
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ActorSystem, Address
from .addresses import connection_address
from .loads import LoadBoard


def health(settings: Settings, instances: tuple[InstanceSettings, ...], system: ActorSystem) -> Health:
    """Return the actor that watches the instances."""
    config = HealthConfig(instances=tuple(each.name for each in instances), settings=settings.routing.health)
    routing = system.address("router")

    def listeners(instance: str) -> Iterable[Address]:
        return routing, connection_address(system, instance)

    return Health(config, listeners)


def router(
    settings: Settings,
    instances: tuple[InstanceSettings, ...],
    prices: PriceBook,
    system: ActorSystem,
    board: LoadBoard,
) -> Router:
    """Return the actor that decides where a request goes."""
    config = RouterConfig(instances=tuple(map(_routable, instances)), policy=Policy.of(settings), prices=prices)
    return Router(
        config, system.address("health"), system.address("discovery"), system.address("credentials"), board.loads
    )


def _routable(instance: InstanceSettings) -> Instance:
    return Instance(
        name=instance.name,
        provider=instance.provider,
        kind=instance.kind,
        tier=instance.tier,
        default_model=instance.default_model,
        models=instance.models,
        is_here=_is_here(instance.base_url),
        continues=instance.continues,
    )


def _is_here(base_url: str | None) -> bool:
    """Whether that address is this machine's own."""
    if base_url is None:
        return False
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
