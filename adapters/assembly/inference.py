"""Makes the actor that walks every request."""

from __future__ import annotations

from ...actors.inference.actor import Inference
from ...actors.inference.pipeline.flow import Services
from ...messages.settings import Settings
from ...runtime import ActorSystem, Address
from .addresses import connection_address


def inference(settings: Settings, system: ActorSystem) -> Inference:
    """Return the actor that walks every request."""
    addresses: dict[str, Address] = {}

    def connection(instance: str) -> Address:
        address = addresses.get(instance)
        if address is None:
            address = addresses[instance] = connection_address(system, instance)
        return address

    return Inference(
        Services(
            router=system.address("router"),
            connection=connection,
            clock=system.clock,
            max_attempts=settings.max_attempts,
        )
    )
