"""How much of its limits a provider says is left."""

from __future__ import annotations

import attrs


@attrs.frozen
class Allowance:
    """What is left of one rate limit, as the provider's headers say.

    Attributes:
        remaining: Left now.
        limit: All there is when the allowance is full, or None.
        reset_after: Seconds until it is full again, or None.
    """

    remaining: float
    limit: float | None = None
    reset_after: float | None = None


@attrs.frozen(kw_only=True)
class RateLimits:
    """What an answer's headers said of the limits of its model; None where they said nothing.

    Attributes:
        requests: Calls.
        tokens: Tokens; where input and output are counted apart, the one of which less is left.
        at: Monotonic moment at which it was said.
    """

    requests: Allowance | None = None
    tokens: Allowance | None = None
    at: float = 0.0
