"""Makes the actors that decide where a request goes: router and health."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from ...actors.health.actor import Health, HealthConfig
from ...actors.router.actor import Router, RouterConfig
from ...actors.router.catalogue import Instance
from ...actors.router.policy import Policy
from ...messages.chat import ProviderInfo
from ...messages.credentials import ProviderStage
from ...messages.prices import PriceBook
from ...messages.routing import CircuitState
from ...messages.settings import InstanceSettings, Settings, expand_instances
from ...runtime import ActorSystem, Address
from ..settings.credentials import Resolvers
from ..settings.enablement import usable_instances
from .addresses import connection_address
from .loads import LoadBoard


def health(settings: Settings, instances: tuple[InstanceSettings, ...], system: ActorSystem) -> Health:
    """Return the actor that watches the instances."""
    routing = system.address("router")

    def listeners(instance: str) -> Iterable[Address]:
        return routing, connection_address(system, instance)

    return Health(health_config(settings, instances), listeners)


def health_config(settings: Settings, instances: tuple[InstanceSettings, ...]) -> HealthConfig:
    """Return what health goes by."""
    return HealthConfig(instances=tuple(each.name for each in instances), settings=settings.routing.health)


def router(
    settings: Settings,
    instances: tuple[InstanceSettings, ...],
    prices: PriceBook,
    system: ActorSystem,
    board: LoadBoard,
    unconnected: tuple[ProviderInfo, ...] = (),
) -> Router:
    """Return the actor that decides where a request goes."""
    config = router_config(settings, instances, prices, unconnected)
    return Router(
        config, system.address("health"), system.address("discovery"), system.address("credentials"), board.loads
    )


def router_config(
    settings: Settings,
    instances: tuple[InstanceSettings, ...],
    prices: PriceBook,
    unconnected: tuple[ProviderInfo, ...] = (),
) -> RouterConfig:
    """Return what the router goes by."""
    return RouterConfig(
        instances=tuple(map(_routable, instances)),
        policy=Policy.of(settings),
        prices=prices,
        lacking=unconnected,
    )


def lacking(
    settings: Settings, instances: tuple[InstanceSettings, ...], environ: Mapping[str, str], resolvers: Resolvers
) -> tuple[ProviderInfo, ...]:
    """Return what the settings name and what is not connected, with the reason: people look for it among the providers."""
    connected = {each.name for each in instances}
    named = {each.name: each for each in expand_instances(settings) if each.name not in connected}
    skipped = usable_instances(settings, environ, resolvers).skipped if named else ()
    return tuple(
        ProviderInfo(
            name=each.name,
            kind=named[each.name].kind,
            tier=named[each.name].tier,
            default_model=named[each.name].default_model,
            state=str(CircuitState.CLOSED),
            stage=ProviderStage.CONFIGURED,
            reason=each.reason,
        )
        for each in skipped
        if each.name in named
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
