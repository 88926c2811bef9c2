"""How models and memory are found out."""

from __future__ import annotations

import attrs

from .checks import above, between, fault


@attrs.frozen(kw_only=True)
class DiscoverySettings:
    """How models and memory are found out, beside the requests and on a timer of its own.

    Attributes:
        enabled: False: nobody is asked for models, and no model is kept back for want of memory. Default True.
        refresh_seconds: Seconds between two looks at an instance (at least 1). What was seen holds for a little more than two of them. Default 60.0.
        timeout_seconds: Seconds that an instance may take for one answer (above 0). Default 2.0.
        deadline_seconds: Seconds that a whole look at an instance may take, with every question it needs (at least `timeout_seconds`). Default 5.0.
        memory_floor_mb: Megabytes of this machine's memory that models must leave free (at least 0). Default 2048.
        memory_overhead_factor: How much more memory a loaded model takes than its files have (at least 1). Default 1.4.
    """

    enabled: bool = True
    refresh_seconds: float = attrs.field(default=60.0, validator=between(1, unit="s"))
    timeout_seconds: float = attrs.field(default=2.0, validator=above(0, unit="s"))
    deadline_seconds: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    memory_floor_mb: int = attrs.field(default=2048, validator=between(0, unit="MB"))
    memory_overhead_factor: float = attrs.field(default=1.4, validator=between(1))

    def __attrs_post_init__(self) -> None:
        if self.deadline_seconds < self.timeout_seconds:
            raise fault(
                "deadline_seconds",
                f"must be at least timeout_seconds ({self.timeout_seconds:g} s), got {self.deadline_seconds:g}",
            )
