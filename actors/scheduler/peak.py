"""When it is peak, and when that ends."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ...messages.settings.batch import SchedulingSettings, hours_of
from ...messages.settings.schedule import zone_of

_HOUR: Final = 3600.0
_QUARTER: Final = 900.0


class Peak:
    """The hours in which what can wait does wait.

    Args:
        settings: Which hours those are, and for how long anything waits at most.
    """

    def __init__(self, settings: SchedulingSettings) -> None:
        self._settings = settings
        self._zone = zone_of(settings.timezone)
        spans = [hours_of(text, path="peak_hours") for text in settings.peak_hours]
        self._hours = frozenset(hour for first, last in spans for hour in _between(first, last))

    def holds(self, at: float) -> bool:
        """Whether it is peak at a moment (Unix seconds)."""
        return datetime.fromtimestamp(at, self._zone).hour in self._hours

    def should_defer(self, intent: str, now: float) -> bool:
        """Whether requests of an intent wait now."""
        settings = self._settings
        return settings.enabled and intent in settings.defer_intents and self.holds(now)

    def next_off_peak(self, now: float) -> float:
        """Return when the peak ends, `now` where there is none; no later than anything may wait.

        Hours begin at quarters of an hour everywhere, whatever the zone and whatever becomes of its clocks: those are looked at one by one.
        """
        latest = now + self._settings.max_defer_hours * _HOUR
        at = now
        while self.holds(at) and at < latest:
            at = (at // _QUARTER + 1) * _QUARTER
        return min(at, latest)


def _between(first: int, last: int) -> range | tuple[int, ...]:
    if first <= last:
        return range(first, last + 1)
    return (*range(first, 24), *range(last + 1))
