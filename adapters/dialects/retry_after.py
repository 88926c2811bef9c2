"""How long a provider asks us to wait."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz
from typing import Final

# Nobody means more than a day; and a wait without bound would take a target out for good.
LONGEST: Final = 86_400.0

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d))+")
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_BUCKETS: Final = ("-requests", "-tokens", "")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return seconds from `Retry-After` (seconds or a date) or `retry-after-ms`; None where neither says anything readable.

    Args:
        headers: Names in lower case.
        now: Unix seconds.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is None and value:
        seconds = _until(value, now)
    return None if seconds is None else _bounded(seconds)


def rate_limit_reset(headers: Mapping[str, str]) -> float | None:
    """Return seconds until the last exhausted bucket of the `x-ratelimit-*` headers is refilled, or None.

    A bucket is exhausted when nothing remains in it, or when nobody says what does.
    """
    waits = [
        wait
        for bucket in _BUCKETS
        if _number(headers.get(f"x-ratelimit-remaining{bucket}", "0")) == 0
        and (wait := _duration(headers.get(f"x-ratelimit-reset{bucket}"))) is not None
    ]
    return _bounded(max(waits)) if waits else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(value: str, now: float) -> float | None:
    try:
        date = parsedate_tz(value)
        return None if date is None else mktime_tz(date) - now
    except (ValueError, TypeError, OverflowError, IndexError):
        # A date that no calendar has.
        return None


def _duration(value: str | None) -> float | None:
    """Read "6m0s", "20ms" or plain seconds; a plain number beyond a day is a moment and not a span, so it is not used."""
    seconds = _number(value)
    if seconds is not None:
        return seconds if seconds <= LONGEST else None
    if not value or not _DURATION.fullmatch(value):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(value))
