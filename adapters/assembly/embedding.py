"""Makes the actor that turns texts into vectors."""

from __future__ import annotations

from ...actors.embedder.actor import Embedder, EmbedderConfig
from ...actors.embedder.choice import Source
from ...actors.router.policy import Policy
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ActorSystem
from .addresses import audit_address, connection_address


def embedder(settings: Settings, instances: tuple[InstanceSettings, ...], system: ActorSystem) -> Embedder:
    """Return the actor that turns texts into vectors."""
    return Embedder(
        embedder_config(settings, instances),
        router=system.address("router"),
        connection=lambda instance: connection_address(system, instance),
        audit=audit_address(settings, system),
        ledger=system.address("metering") if settings.metering.strict else None,
    )


def embedder_config(settings: Settings, instances: tuple[InstanceSettings, ...]) -> EmbedderConfig:
    """Return what the embedder goes by."""
    return EmbedderConfig(
        sources=tuple(map(_source, instances)), settings=settings.embedding, policy=Policy.of(settings)
    )


def _source(instance: InstanceSettings) -> Source:
    return Source(
        name=instance.name,
        provider=instance.provider,
        kind=instance.kind,
        tier=instance.tier,
        default_model=instance.default_model,
        is_listed=instance.models is not None,
    )
