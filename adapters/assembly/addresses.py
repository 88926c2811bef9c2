"""Where actors are found that have no fixed name."""

from __future__ import annotations

from ...messages.settings import Settings
from ...runtime import ActorSystem, Address


def audit_address(settings: Settings, system: ActorSystem) -> Address | None:
    """Return the address of the record of requests, or None where none is kept."""
    return system.address("audit") if settings.audit.enabled and settings.audit.sinks else None


def connection_address(system: ActorSystem, instance: str) -> Address:
    """Return the address of the connection to a provider instance."""
    return system.address(f"connections/{instance}")
