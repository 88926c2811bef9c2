"""Where actors are found that have no fixed name."""

from __future__ import annotations

from ...runtime import ActorSystem, Address


def connection_address(system: ActorSystem, instance: str) -> Address:
    """Return the address of the connection to a provider instance."""
    return system.address(f"connections/{instance}")
