"""What a caller, or a rule, does not want."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

# Tiers that are closed: never_cloud means cloud and frontier, never_external openai_compat, too.
Constraint: TypeAlias = Literal["never_cloud", "never_external"]


@attrs.frozen(kw_only=True)
class Exclusion:
    """Targets that the caller does not want: those that are all of what is stated here.

    Attributes:
        provider: Provider or instance name, or None.
        model: Model name, or None.
        tier: Tier name, or None.
    """

    provider: str | None = None
    model: str | None = None
    tier: str | None = None
