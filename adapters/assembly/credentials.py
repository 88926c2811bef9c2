"""Makes the actor that keeps the credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...actors.announcer import Announcer
from ...actors.credentials.actor import Credentials, CredentialsConfig, Holder
from ...runtime import ActorSystem, Address
from ..scouts.build import build_prober
from ..secrets.resolvers import vault_of
from ..secrets.source import InstanceSource
from .addresses import connection_address
from .plan import Plan


def credentials(plan: Plan, environ: Mapping[str, str], system: ActorSystem, announcer: Announcer) -> Credentials:
    """Return the actor that keeps the credentials of all instances that are reached by HTTP.

    Args:
        plan: Settings, instances, and who knows other references than to the environment.
        environ: Where credentials are looked up.
        system: Gives the addresses.
        announcer: Where lines for people go.
    """
    settings, instances, resolvers = plan.settings, plan.instances, plan.resolvers
    section = settings.verification
    discovery = system.address("discovery")

    def listeners(instance: str) -> Iterable[Address]:
        return connection_address(system, instance), discovery

    vault = vault_of(settings.vault, environ)
    holders = {
        each.name: Holder(
            source=InstanceSource(each, environ, resolvers, vault=vault),
            # Nobody here knows what a plug-in's provider could be asked without a charge.
            prober=build_prober(each, section, environ, resolvers=resolvers)
            if section.enabled and each.plugin is None
            else None,
            needed=each.wants_credential,
        )
        for each in instances
        if each.kind not in ("demo", "fleet")
    }
    return Credentials(
        CredentialsConfig(deadline=section.deadline_seconds, recheck=section.recheck_seconds),
        holders,
        router=system.address("router"),
        health=system.address("health"),
        listeners=listeners,
        announcer=announcer,
    )
