"""What an answer's headers say of the rate limits of its model.

OpenAI, Azure and Groq: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, the reset a span ("6m0s"). Groq counts requests by the day and
tokens by the minute under these names. Anthropic: `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`, the
reset a moment (RFC 3339). OpenRouter: `x-ratelimit-{limit,remaining,reset}`, the reset in Unix milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ...messages.limits import Allowance, RateLimits
from .retry_after import number_of, said_at, span_until

# By kind of limit: the names under which (limit, remaining, reset) come.
_REQUESTS: Final = (
    ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
    (
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ),
)
_TOKENS: Final = (
    ("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    *(
        (
            f"anthropic-ratelimit-{kind}-limit",
            f"anthropic-ratelimit-{kind}-remaining",
            f"anthropic-ratelimit-{kind}-reset",
        )
        for kind in ("tokens", "input-tokens", "output-tokens")
    ),
)


def read_rate_limits(headers: Mapping[str, str], now: float) -> RateLimits | None:
    """Return what the headers, names in lower case, say; None where they say nothing that can be read."""
    requests, tokens = _scarcest(headers, _REQUESTS, now), _scarcest(headers, _TOKENS, now)
    return None if requests is None and tokens is None else RateLimits(requests=requests, tokens=tokens)


def exhausted_for(limits: RateLimits | None) -> float | None:
    """Return the seconds until the last of the limits that are used up is full again, or None."""
    if limits is None:
        return None
    empty = [each for each in (limits.requests, limits.tokens) if each is not None and each.remaining <= 0.0]
    return max((each.reset_after for each in empty if each.reset_after is not None), default=None)


def _scarcest(headers: Mapping[str, str], families: Iterable[tuple[str, str, str]], now: float) -> Allowance | None:
    """Return the allowance of which the smallest part is left."""
    scarcest, part = None, 2.0
    for limit_name, remaining_name, reset_name in families:
        remaining = number_of(headers.get(remaining_name))
        if remaining is None:
            continue
        limit = number_of(headers.get(limit_name))
        left = remaining / limit if limit else 1.0
        if left < part:
            # When it is full again matters to nobody while more than half is left, and takes longest to read.
            reset = span_until(headers.get(reset_name), said_at(headers, now)) if left <= 0.5 or not limit else None  # noqa: PLR2004
            scarcest, part = Allowance(remaining, limit, reset), left
    return scarcest
