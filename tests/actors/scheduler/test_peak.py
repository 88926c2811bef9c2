from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from legion_llm.actors.scheduler.peak import Peak
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import SchedulingSettings


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def peak(*hours, **fields):
    return Peak(SchedulingSettings(enabled=True, peak_hours=hours, **fields))


@pytest.mark.parametrize(
    ("hours", "moment", "holds"),
    [
        ("14-22", "2026-01-31T13:59:59", False),
        ("14-22", "2026-01-31T14:00", True),
        ("14-22", "2026-01-31T22:59:59", True),
        ("14-22", "2026-01-31T23:00", False),
        ("22-6", "2026-01-31T23:30", True),
        ("22-6", "2026-01-31T06:59", True),
        ("22-6", "2026-01-31T07:00", False),
        ("0-23", "2026-01-31T12:00", True),
    ],
)
def test_a_peak_holds_from_its_first_hour_to_the_end_of_its_last(hours, moment, holds):
    assert peak(hours).holds(at(moment)) is holds


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("14-22", "2026-01-31T10:00", "2026-01-31T10:00"),
        ("14-22", "2026-01-31T16:20", "2026-01-31T23:00"),
        ("14-23", "2026-01-31T20:00", "2026-02-01T00:00"),
        ("22-4", "2026-01-31T23:00", "2026-02-01T05:00"),
        ("0-23", "2026-01-31T10:00", "2026-01-31T18:00"),
    ],
)
def test_what_waits_waits_for_the_end_of_the_peak_but_not_for_ever(hours, now, end):
    assert peak(hours).next_off_peak(at(now)) == at(end)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/New_York"])
def test_hours_are_those_of_the_timezone(zone):
    hours = peak("14-22", timezone=zone)

    assert hours.holds(at("2026-07-01T14:00", zone))
    assert hours.next_off_peak(at("2026-07-01T17:10", zone)) == at("2026-07-01T23:00", zone)


def test_an_hour_that_comes_twice_is_peak_twice():
    hours = peak("2-2", timezone="Europe/Berlin")
    before = at("2026-10-25T02:10", "Europe/Berlin")

    assert hours.next_off_peak(before) - before == 6600.0


@pytest.mark.parametrize(
    ("fields", "intent", "defers"),
    [({}, "batch", True), ({}, "chat", False), ({"defer_intents": ("x",)}, "batch", False)],
)
def test_only_intents_that_are_named_wait(fields, intent, defers):
    assert peak("14-22", **fields).should_defer(intent, at("2026-01-31T15:00")) is defers


def test_nothing_waits_where_that_is_not_wanted():
    assert not Peak(SchedulingSettings()).should_defer("batch", at("2026-01-31T15:00"))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"peak_hours": ("14-24",)}, "peak_hours.0"),
        ({"peak_hours": ("1-2", "noon")}, "peak_hours.1"),
        ({"timezone": "Europe/Berlni"}, "timezone"),
        ({"max_defer_hours": 0}, "max_defer_hours"),
    ],
)
def test_settings_that_cannot_be_are_refused(fields, path):
    with pytest.raises(SettingsError) as caught:
        SchedulingSettings(**fields)

    assert caught.value.path == path
