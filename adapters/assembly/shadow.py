"""Makes the actor that compares answers with another model's."""

from __future__ import annotations

from ...actors.shadow.actor import Shadow
from ...runtime import ActorSystem, ChildSpec
from .plan import Plan


def shadow_specs(plan: Plan, system: ActorSystem) -> tuple[ChildSpec, ...]:
    """Return the description of the actor, where the settings want one."""
    settings = plan.settings.shadow
    if not settings.enabled:
        return ()
    return (
        ChildSpec(
            name="shadow",
            factory=lambda: Shadow(settings, system.address("inference"), plan.prices, system.clock),
        ),
    )
