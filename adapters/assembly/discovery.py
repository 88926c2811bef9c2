"""Makes the actor that finds out which models there are."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.announcer import Announcer
from ...actors.discovery.actor import Discovery, DiscoveryConfig
from ...runtime import ActorSystem
from ..machine.this_machine import ThisMachine
from ..scouts.build import build_scout, build_sentry, is_to_be_looked_at
from .plan import Plan


def discovery(plan: Plan, environ: Mapping[str, str], system: ActorSystem, announcer: Announcer) -> Discovery:
    """Return the actor that finds out which models there are; switched off, it looks at nothing.

    Args:
        plan: Settings, instances, and who knows other references than to the environment.
        environ: Where credentials are looked up.
        system: Gives the addresses.
        announcer: Where lines for people go.
    """
    settings, instances, resolvers = plan.settings, plan.instances, plan.resolvers
    section = settings.discovery
    watched = [each for each in instances if section.enabled and is_to_be_looked_at(each)]
    sentries = {each.name: build_sentry(each, section) for each in watched}
    return Discovery(
        DiscoveryConfig(refresh=section.refresh_seconds, deadline=section.deadline_seconds),
        {each.name: build_scout(each, section, environ, resolvers=resolvers) for each in watched},
        router=system.address("router"),
        credentials=system.address("credentials"),
        announcer=announcer,
        machine=ThisMachine() if section.enabled else None,
        sentries={name: sentry for name, sentry in sentries.items() if sentry is not None},
    )
