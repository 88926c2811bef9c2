"""Moments as people state them: "7d", "2026-01-31", a datetime, Unix seconds."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Final, TypeAlias

from ...messages.errors import InvalidRequestError

Moment: TypeAlias = str | float | dt.datetime

_AGO: Final = re.compile(r"(\d{1,6})\s*(s|m|h|d|w)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_FORMS: Final = 'say "7d" (s, m, h, d, w ago), "2026-01-31", "2026-01-31T08:00", Unix seconds, or a datetime'


def unix_seconds(moment: Moment | None, now: float, *, param: str) -> float | None:
    """Return a moment as Unix seconds, None for None. What names no time zone is UTC, as the days and months of a report are.

    Args:
        moment: A length of time before `now` ("90m"), a date or time (ISO 8601), Unix seconds, or a datetime.
        now: Unix seconds.
        param: Name of the argument, for the error.

    Raises:
        InvalidRequestError: It is none of these.
    """
    if moment is None:
        return None
    if isinstance(moment, dt.datetime):
        return _of(moment)
    if isinstance(moment, str):
        return _of_text(moment.strip(), now, param)
    if type(moment) not in {int, float} or not math.isfinite(moment):  # not bool, which is an int to Python
        raise InvalidRequestError(f"{param} is no moment: {moment!r}; {_FORMS}", param=param)
    return float(moment)


def _of_text(text: str, now: float, param: str) -> float:
    ago = _AGO.fullmatch(text)
    if ago:
        return now - int(ago[1]) * _SECONDS[ago[2]]
    try:
        return _of(dt.datetime.fromisoformat(text))
    except ValueError as error:
        raise InvalidRequestError(f"{param} is no moment: {text[:50]!r}; {_FORMS}", param=param) from error


def _of(moment: dt.datetime) -> float:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)).timestamp()
