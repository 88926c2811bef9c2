"""Which tier suits a caller that names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from .checks import EMPTY, frozen_mapping, not_blank, one_of
from .families import Tier


@attrs.frozen(kw_only=True)
class RoleSettings:
    """What suits the requests of some callers.

    Attributes:
        identity: Callers it speaks of, by their identity; "*" stands for any signs, "?" for one.
        tier: Tier that they prefer, or None.
        intent: What matters to them, laid under what a request says itself. Default nothing.
    """

    identity: str = attrs.field(validator=not_blank)
    tier: Tier | None = attrs.field(default=None, validator=one_of(Tier))
    intent: Mapping[str, str] = attrs.field(default=EMPTY, converter=frozen_mapping)


_ROLES: Final = (
    RoleSettings(identity="gaia:tick:*", tier="local", intent={"cost": "minimize"}),
    RoleSettings(identity="gaia:dream:*", tier="local", intent={"cost": "minimize"}),
    RoleSettings(identity="system:guardrails", tier="local", intent={"capability": "basic"}),
    RoleSettings(identity="system:reflection", tier="local", intent={"capability": "moderate"}),
    RoleSettings(identity="user:*", tier="frontier", intent={"capability": "reasoning"}),
)


@attrs.frozen(kw_only=True)
class TierAssignmentSettings:
    """Which tier suits a request that names neither tier nor provider nor model. A wish: where nobody in that tier can answer, others do.

    Attributes:
        enabled: Whether it is looked at. Default True.
        roles: By caller; the first that fits counts. Default: the host's own ticks, dreams, guardrails and reflections stay local, and what people
            ("user:*") ask goes to the frontier.
    """

    enabled: bool = True
    roles: tuple[RoleSettings, ...] = _ROLES
