"""A target that is considered, and the points it has."""

from __future__ import annotations

import attrs

from ...messages.explanation import Source
from ...messages.routing import Target
from .catalogue import Instance


@attrs.define(eq=False)
class Candidate:
    """A target that is considered. It lives for one decision.

    Attributes:
        source: What put it into the chain.
        priority: Points of its rule.
        cost: Points for its rule's cost multiplier.
        group: Candidates of a lower group go first.
        health: Points for the state of its instance.
        probe: Points that make up for a half-open circuit whose probe it would be.
        waits: Whether another request is probing its instance now.
    """

    instance: Instance
    target: Target
    source: Source
    priority: float = 0.0
    cost: float = 0.0
    group: int = 0
    health: float = 0.0
    probe: float = 0.0
    waits: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same target as another."""
        return self.target.instance, self.target.model

    @property
    def score(self) -> float:
        """Its points."""
        return self.priority + self.health + self.cost + self.probe


def target_of(instance: Instance, model: str, rule: str | None = None, compress_level: int | None = None) -> Target:
    """Return the target that a model at an instance is."""
    facts = instance.facts_of(model)
    return Target(
        instance=instance.name,
        model=model,
        tier=instance.tier,
        rule=rule,
        compress_level=compress_level,
        context_window=facts.context_window if facts is not None else None,
        continues=instance.continues,
    )
