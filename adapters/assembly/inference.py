"""Makes the actor that walks every request."""

from __future__ import annotations

from ...actors.inference.actor import Inference
from ...actors.inference.pipeline.flow import Services
from ...actors.inference.pipeline.repeats import Repeats
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
            repeats=Repeats(
                system.clock.monotonic,
                seconds=settings.pipeline.idempotency_seconds,
                most=settings.pipeline.idempotency_entries,
            ),
            assign_conversation_ids=settings.pipeline.assign_conversation_ids,
        ),
        keep_timelines=settings.pipeline.keep_timelines,
    )
