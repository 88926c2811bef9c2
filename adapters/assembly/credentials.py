"""Makes the actor that keeps the credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...actors.announcer import Announcer
from ...actors.credentials.actor import Credentials, CredentialsConfig, Holder
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ActorSystem, Address
from ..scouts.build import build_prober
from ..secrets.resolvers import vault_of
from ..secrets.source import InstanceSource
from ..settings.credentials import Resolvers
from .addresses import connection_address


def credentials(
    settings: Settings,
    instances: tuple[InstanceSettings, ...],
    environ: Mapping[str, str],
    system: ActorSystem,
    announcer: Announcer,
    resolvers: Resolvers,
) -> Credentials:
    """Return the actor that keeps the credentials of all instances that are reached by HTTP.

    Args:
        settings: The settings.
        instances: All instances.
        environ: Where credentials are looked up.
        system: Gives the addresses.
        announcer: Where lines for people go.
        resolvers: Who knows other references than to the environment.
    """
    section = settings.verification
    discovery = system.address("discovery")

    def listeners(instance: str) -> Iterable[Address]:
        return connection_address(system, instance), discovery

    vault = vault_of(settings.vault, environ)
    holders = {
        each.name: Holder(
            source=InstanceSource(each, environ, resolvers, vault=vault),
            prober=build_prober(each, section, environ, resolvers=resolvers) if section.enabled else None,
            needed=each.wants_credential,
        )
        for each in instances
        if each.kind != "demo"
    }
    return Credentials(
        CredentialsConfig(deadline=section.deadline_seconds, recheck=section.recheck_seconds),
        holders,
        router=system.address("router"),
        health=system.address("health"),
        listeners=listeners,
        announcer=announcer,
    )
