"""When a rule holds, as people write it: dates, hours of the day, days of the week, and the timezone in which all of them are read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from typing import Annotated, Final, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo, available_timezones

import attrs

from ..errors import SettingsError
from .checks import fault, nearest

Day: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

# A text that a file may also give as a date or a date and time of its own, as TOML has them.
Moment: TypeAlias = Annotated[str, "moment"]

DAYS: Final[tuple[Day, ...]] = get_args(Day)

_WINDOW: Final = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOURS: Final = 24
_MINUTES: Final = 60
_LAST_MINUTE: Final = _HOURS * _MINUTES - 1


@attrs.frozen(kw_only=True)
class ScheduleSettings:
    """When a rule holds; what is left out does not limit it.

    Attributes:
        valid_from: First moment, as "2026-01-31" (its beginning) or "2026-01-31T18:00", with or without an offset ("Z", "+02:00"). Default None.
        valid_until: Last moment, likewise; a date alone means its end. Default None.
        hours: Windows of the day, "08:30-17:00", both minutes included. One that crosses midnight ("22:00-06:00") belongs to the day on which it
            begins; "24:00" is the end of a day. Default none: all day.
        days: Days of the week in English ("monday"), in any case. Default none: every day.
        timezone: IANA name ("Europe/Berlin") in which hours and days, and moments without an offset, are read. Default None: UTC.
    """

    valid_from: Moment | None = None
    valid_until: Moment | None = None
    hours: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    timezone: str | None = None

    def __attrs_post_init__(self) -> None:
        zone = zone_of(self.timezone)
        begins = moment_of(self.valid_from, zone, path="valid_from")
        ends = moment_of(self.valid_until, zone, path="valid_until", at_end=True)
        if begins is not None and ends is not None and ends < begins:
            raise fault("valid_until", f"{self.valid_until} lies before valid_from, {self.valid_from}")
        for number, text in enumerate(self.hours):
            window_of(text, path=f"hours.{number}")
        for number, text in enumerate(self.days):
            day_of(text, path=f"days.{number}")


def zone_of(name: str | None, *, path: str = "timezone") -> tzinfo:
    """Return the timezone of that IANA name; UTC for None.

    Raises:
        SettingsError: There is none.
    """
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # a name may be unknown, malformed, or a folder of the database
        raise fault(path, f"no timezone {name!r}; {_nearest_zone(name)}") from error


def _nearest_zone(name: str) -> str:
    close = get_close_matches(name, available_timezones(), n=1)
    return f"did you mean {close[0]!r}?" if close else 'they are called like "Europe/Berlin"'


def moment_of(text: str | None, zone: tzinfo, *, path: str, at_end: bool = False) -> float | None:
    """Return the Unix seconds of a moment; None for None.

    Args:
        text: ISO 8601, a date or a date and a time.
        zone: Where it is read if it has no offset of its own.
        path: Of the setting, for the error.
        at_end: Whether a date alone means its end.

    Raises:
        SettingsError: It is no moment.
    """
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text.strip()):
            return _edge_of_day(date.fromisoformat(text.strip()), zone, at_end=at_end)
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise fault(path, f'{text!r} is no moment: write it as "2026-01-31" or "2026-01-31T18:00"') from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def _edge_of_day(day: date, zone: tzinfo, *, at_end: bool) -> float:
    if not at_end:
        return datetime.combine(day, time.min, zone).timestamp()
    # The last instant before the next day begins, which is not always 24 hours after this one did.
    return datetime.combine(day + timedelta(days=1), time.min, zone).timestamp() - 1e-6


def window_of(text: str, *, path: str) -> tuple[int, int]:
    """Return first and last minute of the day, both included, 0 to 1439; the last is before the first where the window crosses midnight.

    Raises:
        SettingsError: It is no window.
    """
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise fault(path, f'{text!r} is no window of the day: write it as "08:30-17:00"')
    hour, minute, last_hour, last_minute = map(int, found.groups())
    if (last_hour, last_minute) == (_HOURS, 0):
        last_hour, last_minute = _HOURS - 1, _MINUTES - 1
    if max(hour, last_hour) >= _HOURS or max(minute, last_minute) >= _MINUTES:
        raise fault(path, f"{text!r} names a time that no day has")
    return hour * _MINUTES + minute, last_hour * _MINUTES + last_minute


def day_of(text: str, *, path: str) -> int:
    """Return the number of a day of the week, Monday being 0.

    Raises:
        SettingsError: It is no day.
    """
    try:
        return [str(day) for day in DAYS].index(text.strip().lower())
    except ValueError:
        raise SettingsError(f"{path}: no day {text!r}; {nearest(text, DAYS)}", path=path) from None
