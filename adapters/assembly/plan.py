"""What the actors of a system are made by, now: whoever starts, or starts again, goes by what stands here then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

import attrs

from ...actors.connection.port import Provider
from ...actors.inference.pipeline.flow import Services
from ...messages.chat import ProviderInfo
from ...messages.prices import PriceBook
from ...messages.settings import InstanceSettings, PromptCachingSettings, Settings
from ...runtime import ActorSystem
from ..prices import price_book
from ..providers.build import build_provider
from ..providers.fleet import FleetProvider
from ..secrets.resolvers import resolvers_of
from ..settings.credentials import Resolvers
from .addresses import dispatcher_address
from .loads import LoadBoard
from .routing import lacking


@attrs.define(eq=False, kw_only=True)
class Plan:
    """Drawn when a system starts, and again when its settings are reloaded; never read on the way of a request.

    Attributes:
        settings: The settings that hold.
        instances: The provider instances that are connected, in order of preference.
        resolvers: Who knows references other than to the environment.
        prices: What models cost.
        unconnected: What the settings name and what is not connected.
        provider: Makes the provider behind an instance.
        loads: Where connections publish how busy they are.
        services: Makes what the steps of requests find outside; known once the tree is there.
    """

    settings: Settings
    instances: tuple[InstanceSettings, ...]
    resolvers: Resolvers
    prices: PriceBook
    unconnected: tuple[ProviderInfo, ...]
    provider: Callable[[InstanceSettings], Provider]
    loads: LoadBoard
    services: Callable[[], Services] | None = None

    @classmethod
    def drawn(
        cls,
        settings: Settings,
        instances: tuple[InstanceSettings, ...],
        environ: Mapping[str, str],
        system: ActorSystem,
        provider_of: Callable[[InstanceSettings], Provider] | None = None,
    ) -> Self:
        """Return what the settings mean.

        Raises:
            SettingsError: An instance lacks its credential or its URL.
        """
        resolvers = resolvers_of(settings, environ)
        return cls(
            settings=settings,
            instances=instances,
            resolvers=resolvers,
            prices=price_book(instances, settings.pricing),
            unconnected=lacking(settings, instances, environ, resolvers),
            provider=provider_of or _maker(environ, resolvers, system, settings.prompt_caching),
            loads=LoadBoard(instances, settings.routing.balance),
        )

    def redraw(self, other: Plan) -> None:
        """Go by another plan from now on; loads are still published and looked at where they were."""
        self.settings, self.instances = other.settings, other.instances
        self.resolvers, self.prices, self.unconnected = other.resolvers, other.prices, other.unconnected
        self.provider = other.provider
        self.loads.share(other.instances, other.settings.routing.balance)


def _maker(
    environ: Mapping[str, str], resolvers: Resolvers, system: ActorSystem, caching: PromptCachingSettings
) -> Callable[[InstanceSettings], Provider]:
    """Return what makes providers: those that are spoken to from here, and the fleet, which an actor of ours speaks to."""

    def provider(instance: InstanceSettings) -> Provider:
        if instance.kind == "fleet":
            return FleetProvider(instance.name, dispatcher_address(system), system.clock)
        return build_provider(instance, environ, resolvers=resolvers, caching=caching)

    return provider
