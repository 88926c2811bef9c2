"""The stretch of time that a budget is for, by the clock on a wall."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta, tzinfo

from ...messages.settings.budgets import Window

_HOUR = 3600.0


def window_at(kind: Window, zone: tzinfo, now: float) -> tuple[float, float]:
    """Return beginning and end of the window that holds a moment, in Unix seconds; infinite ones for "forever".

    Days, weeks and months begin at midnight on the clocks of `zone`, whatever hours that leaves them; hours are 3600 s.
    """
    if kind == "forever":
        return -math.inf, math.inf
    if kind == "hour":
        begins = now - (now + _offset(zone, now)) % _HOUR
        return begins, begins + _HOUR
    today = datetime.fromtimestamp(now, zone).date()
    match kind:
        case "day":
            first, following = today, today + timedelta(days=1)
        case "week":
            first = today - timedelta(days=today.weekday())
            following = first + timedelta(days=7)
        case _:
            first = today.replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
    return _midnight(first, zone), _midnight(following, zone)


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time.min, zone).timestamp()


def _offset(zone: tzinfo, now: float) -> float:
    """Return by how many seconds the clocks of the zone are before UTC's: by half an hour more or less, in some."""
    offset = datetime.fromtimestamp(now, zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
