"""How long a provider asks us to wait."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import mktime_tz, parsedate_tz
from typing import Final

# Nobody means more than a day; and a wait without bound would take a target out for good.
LONGEST: Final = 86_400.0

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d))+")
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_BUCKETS: Final = ("-requests", "-tokens", "")

# Unix seconds in milliseconds are above this, in seconds below: both the year 5138.
_MILLISECONDS: Final = 1e11

# "Please try again in 5.289s" (OpenAI, Groq), "Please retry after 20 seconds" (Azure), "Please retry in 36.429760048s" (Gemini).
_HINT: Final = re.compile(
    r"(?:try again|retry)\s+(?:in|after)\s+(?:(?P<duration>(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d))+)\b"
    r"|(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>second|minute|hour)s?\b)",
    re.IGNORECASE,
)
_WORDS: Final = {"second": 1.0, "minute": 60.0, "hour": 3600.0}

# "You will regain access on 2026-04-01 at 00:00 UTC" (Anthropic, a spending limit).
_REGAINED: Final = re.compile(r"regain access on (\d{4}-\d{2}-\d{2}) at (\d{2}:\d{2}) UTC", re.IGNORECASE)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return seconds from `Retry-After` (seconds or a date) or `retry-after-ms`; None where neither says anything readable.

    Args:
        headers: Names in lower case.
        now: Unix seconds.
    """
    milliseconds = number_of(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = headers.get("retry-after")
    seconds = number_of(value)
    if seconds is None and value:
        moment = _date(value)
        seconds = None if moment is None else moment - said_at(headers, now)
    return None if seconds is None else _bounded(seconds)


def rate_limit_reset(headers: Mapping[str, str]) -> float | None:
    """Return seconds until the last exhausted bucket of the `x-ratelimit-*` headers is refilled, or None.

    A bucket is exhausted when nothing remains in it, or when nobody says what does.
    """
    waits = [
        wait
        for bucket in _BUCKETS
        if number_of(headers.get(f"x-ratelimit-remaining{bucket}", "0")) == 0
        and (wait := _duration(headers.get(f"x-ratelimit-reset{bucket}"))) is not None
    ]
    return _bounded(max(waits)) if waits else None


def span_until(value: str | None, now: float) -> float | None:
    """Return seconds until what a reset header says: a span ("6m0s", "20ms", plain seconds), or a moment (RFC 3339, Unix seconds or milliseconds)."""
    if not value:
        return None
    span = _duration(value)
    if span is not None:
        return _bounded(span)
    number = number_of(value)
    moment = _timestamp(value) if number is None else number / 1000 if number > _MILLISECONDS else number
    return None if moment is None else _bounded(moment - now)


def hinted_wait(text: str, now: float) -> float | None:
    """Return the seconds that an error's message asks to wait, or None: not every provider says it in a header, too."""
    regained = _REGAINED.search(text)
    if regained is not None:
        moment = _timestamp(f"{regained[1]}T{regained[2]}:00Z")
        return None if moment is None else _bounded(moment - now)
    hint = _HINT.search(text)
    if hint is None:
        return None
    if hint["duration"]:
        return span_until(hint["duration"].lower(), now)
    return _bounded(float(hint["number"]) * _WORDS[hint["unit"].lower()])


def said_at(headers: Mapping[str, str], now: float) -> float:
    """Return the Unix moment of the answer by the provider's own clock, by which it also reckons its dates; `now` where it does not tell."""
    value = headers.get("date")
    moment = None if value is None else _date(value)
    return now if moment is None else moment


def number_of(value: str | None) -> float | None:
    """Return a finite number, or None."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)


def _date(value: str) -> float | None:
    try:
        date = parsedate_tz(value)
        return None if date is None else float(mktime_tz(date))
    except (ValueError, TypeError, OverflowError, IndexError):
        # A date that no calendar has.
        return None


def _timestamp(value: str) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
        # Without a zone it is Greenwich, as in everything that these headers come from.
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _duration(value: str | None) -> float | None:
    """Read "6m0s", "20ms" or plain seconds; a plain number beyond a day is a moment and not a span, so it is not used."""
    seconds = number_of(value)
    if seconds is not None:
        return seconds if seconds <= LONGEST else None
    if not value or not _DURATION.fullmatch(value):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(value))
