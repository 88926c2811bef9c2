"""Makes the actor that finds out which models there are."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.announcer import Announcer
from ...actors.discovery.actor import Discovery, DiscoveryConfig
from ...messages.settings import InstanceSettings, Settings
from ...runtime import ActorSystem
from ..machine.this_machine import ThisMachine
from ..scouts.build import build_scout, build_sentry, is_to_be_looked_at
from ..settings.credentials import Resolvers


def discovery(
    settings: Settings,
    instances: tuple[InstanceSettings, ...],
    environ: Mapping[str, str],
    system: ActorSystem,
    announcer: Announcer,
    resolvers: Resolvers,
) -> Discovery:
    """Return the actor that finds out which models there are; switched off, it looks at nothing.

    Args:
        settings: The settings.
        instances: All instances.
        environ: Where credentials are looked up.
        system: Gives the addresses.
        announcer: Where lines for people go.
        resolvers: Who knows other references than to the environment.
    """
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
