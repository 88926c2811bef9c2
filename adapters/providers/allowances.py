"""What the head of an answer says of the provider's rate limits."""

from __future__ import annotations

from typing import Final

import attrs
import httpx
import trio

from ...messages.limits import RateLimits
from ..dialects.rate_limits import read_rate_limits

_PREFIXES: Final = (b"x-ratelimit-", b"anthropic-ratelimit-")
_DATE: Final = b"date"


def rate_limits_of(response: httpx.Response, now: float) -> RateLimits | None:
    """Return what is left of the limits, as the headers say; None where they say nothing.

    Args:
        response: Its head has arrived just now.
        now: Unix seconds.
    """
    # Over the raw list, and a dictionary only of what counts: most providers say nothing, and theirs are the fast ones.
    said = [(name.lower(), value) for name, value in response.headers.raw if name[:1] in b"xXaA"]
    said = [(name, value) for name, value in said if name.startswith(_PREFIXES)]
    if not said:
        return None
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in said}
    limits = read_rate_limits({**headers, **_date_of(response)}, now)
    return None if limits is None else attrs.evolve(limits, at=trio.current_time())


def _date_of(response: httpx.Response) -> dict[str, str]:
    """Return the answer's date, by which the provider reckons the moments that it names."""
    dates = [value for name, value in response.headers.raw if name.lower() == _DATE]
    return {"date": dates[0].decode("latin-1")} if dates else {}
