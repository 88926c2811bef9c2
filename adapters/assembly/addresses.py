"""Where actors are found that have no fixed name."""

from __future__ import annotations

from typing import Final

from ...messages.settings import Settings
from ...runtime import ActorSystem, Address

DISPATCHER: Final = "fleet"
WORKER: Final = "fleet worker"


def audit_address(settings: Settings, system: ActorSystem) -> Address | None:
    """Return the address of who writes down and counts the requests, or None where that is wanted by nobody."""
    is_kept = settings.audit.enabled and (settings.audit.sinks or settings.events.enabled)
    return system.address("audit") if is_kept or settings.telemetry.metrics or settings.telemetry.otel else None


def telemetry_address(settings: Settings, system: ActorSystem) -> Address | None:
    """Return the address of who makes traces and metrics for OpenTelemetry, or None where they are not wanted."""
    return system.address("telemetry") if settings.telemetry.otel else None


def connection_address(system: ActorSystem, instance: str) -> Address:
    """Return the address of the connection to a provider instance."""
    return system.address(f"connections/{instance}")


def dispatcher_address(system: ActorSystem) -> Address:
    """Return the address of who sends requests to the workers of the fleet."""
    return system.address(DISPATCHER)


def worker_address(system: ActorSystem) -> Address:
    """Return the address of who serves this system to the fleet."""
    return system.address(WORKER)
