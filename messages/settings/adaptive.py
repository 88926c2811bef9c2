"""How the number of calls in flight follows what an instance can take."""

from __future__ import annotations

import attrs

from .checks import above, between


@attrs.frozen(kw_only=True)
class AdaptiveSettings:
    """Fewer calls in flight where answers get slow, up to `max_concurrency` where they do not.

    Attributes:
        enabled: False: `max_concurrency` holds, whatever happens. Default True.
        min_concurrency: Calls in flight that are always allowed (at least 1; where `max_concurrency` is less, that). Default 8; an engine that
            works on one call at a time is better off with 1.
        tolerance: How many times longer than usual for their length answers may take before fewer calls are made (above 1). Default 3.0.
    """

    enabled: bool = True
    min_concurrency: int = attrs.field(default=8, validator=between(1))
    tolerance: float = attrs.field(default=3.0, validator=above(1))
