"""The sections of the settings that are about requests which need no answer now."""

from __future__ import annotations

import re
from typing import Final

import attrs

from .checks import above, between, fault
from .schedule import zone_of

_HOURS: Final = re.compile(r"\s*(\d{1,2})\s*-\s*(\d{1,2})\s*")
_LAST_HOUR: Final = 23


@attrs.frozen(kw_only=True)
class BatchSettings:
    """How the queue of batches is worked on.

    Attributes:
        enabled: Whether this host works on the queue. False: it only takes requests in, for other hosts that share the store. Default True.
        concurrency: Requests that this host answers at once (1 to 1000). Default 4.
        max_batch_size: Requests that are taken up together, sorted by provider and model (1 to 10000); as many that wait are taken up at once.
            Default 100.
        window_seconds: Seconds for which requests wait for others of their kind before they are taken up (at least 0). Default 0.0.
        max_attempts: How often a request is begun before it has failed (1 to 20). Default 3.
        retry_seconds: Seconds before the second attempt (above 0); before each further one twice as many, at least what the provider asks for, at
            most 3600. Default 5.0.
        lease_seconds: Seconds after which a host that says nothing any more has lost the requests it had taken up, where several share a store (at
            least 5). Default 60.0.
        keep_days: Days for which finished batches are kept (above 0). Default 30.0.
    """

    enabled: bool = True
    concurrency: int = attrs.field(default=4, validator=between(1, 1000))
    max_batch_size: int = attrs.field(default=100, validator=between(1, 10_000))
    window_seconds: float = attrs.field(default=0.0, validator=between(0, unit="s"))
    max_attempts: int = attrs.field(default=3, validator=between(1, 20))
    retry_seconds: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    lease_seconds: float = attrs.field(default=60.0, validator=between(5, unit="s"))
    keep_days: float = attrs.field(default=30.0, validator=above(0, unit="days"))


def hours_of(text: str, *, path: str) -> tuple[int, int]:
    """Return first and last hour of a peak, both included, 0 to 23; the last is before the first where the peak crosses midnight.

    Raises:
        SettingsError: It is no peak.
    """
    found = _HOURS.fullmatch(text)
    if found is None:
        raise fault(path, f'{text!r} is no peak: write its first and last hour, "14-22"')
    first, last = map(int, found.groups())
    if max(first, last) > _LAST_HOUR:
        raise fault(path, f"{text!r} names an hour that no day has; the last one is {_LAST_HOUR}")
    return first, last


@attrs.frozen(kw_only=True)
class SchedulingSettings:
    """When requests of batches wait for the end of the peak.

    Attributes:
        enabled: Whether they do. Default False.
        peak_hours: Peaks by their first and last hours, both included: "14-22" ends at 22:59, "22-6" crosses midnight. Default ["14-22"].
        timezone: IANA name ("Europe/Berlin") in which hours are read. Default "UTC".
        defer_intents: Intents of batches that wait. Default batch, background, maintenance.
        max_defer_hours: Hours that a request waits at most (above 0, at most 168). Default 8.0.
    """

    enabled: bool = False
    peak_hours: tuple[str, ...] = ("14-22",)
    timezone: str = "UTC"
    defer_intents: tuple[str, ...] = ("batch", "background", "maintenance")
    max_defer_hours: float = attrs.field(default=8.0, validator=[above(0, unit="h"), between(0, 168, unit="h")])

    def __attrs_post_init__(self) -> None:
        zone_of(self.timezone)
        for number, text in enumerate(self.peak_hours):
            hours_of(text, path=f"peak_hours.{number}")
