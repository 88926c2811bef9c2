"""Makes the actor that says how long a prompt is."""

from __future__ import annotations

from ...actors.counter.actor import Counter
from ...messages.settings import Settings
from ...runtime import ActorSystem
from .addresses import connection_address


def counter(settings: Settings, system: ActorSystem) -> Counter:
    """Return the actor that says how long a prompt is."""
    return Counter(
        settings.counting,
        router=system.address("router"),
        connection=lambda instance: connection_address(system, instance),
    )
