from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.budgets.window import window_at
from legion_llm.messages.settings.schedule import zone_of


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("kind", "zone", "now", "begins", "ends"),
    [
        ("hour", "UTC", "2026-03-05T10:20", "2026-03-05T10:00", "2026-03-05T11:00"),
        ("hour", "Asia/Kolkata", "2026-03-05T10:20", "2026-03-05T10:00", "2026-03-05T11:00"),
        ("day", "UTC", "2026-03-05T10:20", "2026-03-05T00:00", "2026-03-06T00:00"),
        ("day", "Europe/Berlin", "2026-03-05T00:00", "2026-03-05T00:00", "2026-03-06T00:00"),
        ("week", "UTC", "2026-03-05T10:20", "2026-03-02T00:00", "2026-03-09T00:00"),
        ("month", "America/New_York", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("month", "UTC", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
    ],
)
def test_a_window_begins_and_ends_by_the_clocks_of_its_zone(kind, zone, now, begins, ends):
    assert window_at(kind, ZoneInfo(zone), at(now, zone)) == (at(begins, zone), at(ends, zone))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day, hours):
    begins, ends = window_at("day", ZoneInfo("Europe/Berlin"), at(f"{day}T12:00", "Europe/Berlin"))

    assert ends - begins == hours * 3600


def test_what_lasts_for_ever_has_neither_beginning_nor_end():
    assert window_at("forever", zone_of(None), 5.0) == (-math.inf, math.inf)


@given(
    st.sampled_from(["hour", "day", "week", "month"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    st.floats(0, 4e9),
)
def test_windows_hold_their_moment_and_follow_each_other_without_a_gap(kind, zone, now):
    begins, ends = window_at(kind, ZoneInfo(zone), now)

    assert begins <= now < ends
    assert window_at(kind, ZoneInfo(zone), ends)[0] == ends
