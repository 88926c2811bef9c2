"""Whether a rule is in force: its schedule, made ready to be asked for every request."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo
from typing import Final

import attrs

from ...messages.settings.schedule import DAYS, ScheduleSettings, day_of, moment_of, window_of, zone_of

_ALL_DAY: Final = ((0, 24 * 60 - 1),)
_EVERY_DAY: Final = frozenset(range(len(DAYS)))


@attrs.frozen(kw_only=True)
class Schedule:
    """When a rule holds.

    Hours and days are the clock's on the wall of `zone`: a window within the hour that is left out in spring does not come that day, and one within
    the hour that comes twice in autumn comes twice.

    Attributes:
        zone: Where hours and days are read.
        begins: First moment, Unix seconds.
        ends: Last moment.
        windows: First and last minute of the day, both included; one that ends before it begins crosses midnight.
        days: Days on which a window may begin, Monday being 0.
        stated: What the settings say, for people.
    """

    zone: tzinfo
    stated: ScheduleSettings = ScheduleSettings()
    begins: float = -math.inf
    ends: float = math.inf
    windows: tuple[tuple[int, int], ...] = _ALL_DAY
    days: frozenset[int] = _EVERY_DAY

    @classmethod
    def of(cls, settings: ScheduleSettings) -> Schedule:
        """Return what the settings say."""
        zone = zone_of(settings.timezone)
        begins = moment_of(settings.valid_from, zone, path="valid_from")
        ends = moment_of(settings.valid_until, zone, path="valid_until", at_end=True)
        return cls(
            zone=zone,
            stated=settings,
            begins=-math.inf if begins is None else begins,
            ends=math.inf if ends is None else ends,
            windows=tuple(window_of(text, path="hours") for text in settings.hours) or _ALL_DAY,
            days=frozenset(day_of(text, path="days") for text in settings.days) or _EVERY_DAY,
        )

    def holds(self, now: float) -> bool:
        """Whether it holds at this moment, Unix seconds."""
        return self.obstacle(now) is None

    def obstacle(self, now: float) -> str | None:
        """Return what keeps it from holding at this moment: valid_from, valid_until, days or hours; None if nothing does."""
        if now < self.begins:
            return "valid_from"
        if now > self.ends:
            return "valid_until"
        if self.windows is _ALL_DAY and self.days is _EVERY_DAY:
            return None
        local = datetime.fromtimestamp(now, self.zone)
        minute, today = local.hour * 60 + local.minute, local.weekday()
        begun = [_day_of_begin(window, minute, today) for window in self.windows]
        if any(day in self.days for day in begun):
            return None
        return "hours" if begun.count(None) == len(begun) else "days"

    def words(self, obstacle: str) -> str:
        """Return what an obstacle means, in the words of the settings."""
        stated = self.stated
        where = stated.timezone or "UTC"
        match obstacle:
            case "valid_from":
                return f"it is valid from {stated.valid_from}"
            case "valid_until":
                return f"it was valid until {stated.valid_until}"
            case "days":
                return f"its days are {', '.join(stated.days)} ({where})"
            case _:
                return f"its hours are {', '.join(stated.hours)} ({where})"


def _day_of_begin(window: tuple[int, int], minute: int, today: int) -> int | None:
    """Return the day on which the window that holds this minute has begun, or None outside of it."""
    first, last = window
    if first <= last:
        return today if first <= minute <= last else None
    if minute >= first:
        return today
    return (today - 1) % len(DAYS) if minute <= last else None
