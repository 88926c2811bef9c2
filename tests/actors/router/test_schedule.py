"""When a rule is in force: edges, midnights, timezones and the two nights of the year on which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.router.schedule import Schedule
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import ScheduleSettings
from legion_llm.messages.settings.schedule import DAYS

BERLIN = "Europe/Berlin"


def schedule(**fields):
    return Schedule.of(ScheduleSettings(**fields))


# -- nothing stated


@given(st.floats(0, 4e9))
def test_an_empty_schedule_always_holds(now):
    assert schedule().holds(now)


# -- bounds


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-01-31T17:59:59", False),
        ("2026-01-31T18:00:00", True),
        ("2026-02-10T09:00:00", True),
        ("2026-02-10T09:00:01", False),
    ],
)
def test_both_bounds_belong_to_it(at, moment, holds):
    bounds = schedule(valid_from="2026-01-31T18:00", valid_until="2026-02-10T09:00", timezone=BERLIN)

    assert bounds.holds(at(moment, BERLIN)) is holds


def test_a_moment_without_an_offset_is_read_in_the_rule_s_timezone_and_not_the_server_s(at):
    assert not schedule(valid_from="2026-06-01T12:00", timezone="Asia/Tokyo").holds(at("2026-06-01T02:59"))
    assert schedule(valid_from="2026-06-01T12:00", timezone="Asia/Tokyo").holds(at("2026-06-01T03:00"))


def test_without_a_timezone_it_is_utc(at):
    assert schedule(valid_from="2026-06-01T12:00").begins == at("2026-06-01T12:00", "UTC")


@pytest.mark.parametrize("text", ["2026-06-01T12:00+02:00", "2026-06-01T10:00Z", "2026-06-01T10:00:00+00:00"])
def test_an_offset_of_its_own_is_believed(at, text):
    assert schedule(valid_from=text, timezone="Asia/Tokyo").begins == at("2026-06-01T10:00")


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-03-28T23:59:59", False),
        ("2026-03-29T00:00:00", True),
        ("2026-03-30T23:59:59", True),
        ("2026-03-31T00:00:00", False),
    ],
)
def test_a_date_alone_is_its_beginning_or_its_end_also_where_a_day_has_23_hours(at, moment, holds):
    days = schedule(valid_from="2026-03-29", valid_until="2026-03-30", timezone=BERLIN)

    assert days.holds(at(moment, BERLIN)) is holds


# -- hours


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-06-03T08:29:59", False),
        ("2026-06-03T08:30:00", True),
        ("2026-06-03T17:00:00", True),
        ("2026-06-03T17:00:59", True),
        ("2026-06-03T17:01:00", False),
        ("2026-06-03T20:15:00", True),
    ],
)
def test_hours_hold_from_the_first_minute_through_the_last(at, moment, holds):
    assert schedule(hours=("08:30-17:00", "20:00-20:15"), timezone=BERLIN).holds(at(moment, BERLIN)) is holds


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-06-03T21:59", False),
        ("2026-06-03T22:00", True),
        ("2026-06-03T23:59", True),
        ("2026-06-04T00:00", True),
        ("2026-06-04T06:00", True),
        ("2026-06-04T06:01", False),
    ],
)
def test_a_window_may_cross_midnight(at, moment, holds):
    assert schedule(hours=("22:00-06:00",), timezone=BERLIN).holds(at(moment, BERLIN)) is holds


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-06-05T23:00", True),  # Friday night
        ("2026-06-06T03:00", True),  # and what is left of it on Saturday
        ("2026-06-06T23:00", False),
        ("2026-06-05T03:00", False),  # the night from Thursday
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(at, moment, holds):
    assert schedule(hours=("22:00-06:00",), days=("Friday",), timezone=BERLIN).holds(at(moment, BERLIN)) is holds


def test_the_night_from_sunday_ends_on_monday(at):
    night = schedule(hours=("22:00-06:00",), days=("sunday",))

    assert night.holds(at("2026-06-08T01:00"))
    assert not night.holds(at("2026-06-09T01:00"))


@pytest.mark.parametrize("hours", ["00:00-24:00", "00:00-23:59"])
@given(st.integers(0, 1439))
def test_a_whole_day_has_no_hole(hours, minute):
    assert schedule(hours=(hours,)).holds(1_780_272_000.0 + minute * 60)


def test_a_window_of_one_minute_is_that_minute(at):
    assert schedule(hours=("12:00-12:00",)).holds(at("2026-06-03T12:00:30"))
    assert not schedule(hours=("12:00-12:00",)).holds(at("2026-06-03T12:01:00"))


# -- days


def test_days_are_read_in_any_case_and_in_the_rule_s_timezone(at):
    wednesday = schedule(days=("WEDNESDAY",), timezone="Pacific/Auckland")

    assert wednesday.holds(at("2026-06-02T12:30"))  # Wednesday there, half past noon on Tuesday here
    assert not wednesday.holds(at("2026-06-03T12:30"))


@given(st.floats(0, 4e9))
def test_days_and_hours_hold_for_the_clock_on_the_wall(now):
    zone = schedule(timezone="America/New_York").zone
    local = datetime.fromtimestamp(now, zone)

    holds = schedule(hours=("09:00-16:59",), days=DAYS[:5], timezone="America/New_York").holds(now)

    assert holds is (local.weekday() < 5 and 9 <= local.hour < 17)


# -- the nights on which clocks are changed


def test_in_spring_the_hour_that_is_left_out_has_no_window(at):
    night = schedule(hours=("02:00-02:59",), timezone=BERLIN)
    minutes = [at("2026-03-29T00:00", BERLIN) + 60 * minute for minute in range(23 * 60)]

    assert not any(night.holds(minute) for minute in minutes)


def test_in_autumn_the_hour_that_comes_twice_has_its_window_twice(at):
    night = schedule(hours=("02:00-02:59",), timezone=BERLIN)
    minutes = [at("2026-10-25T00:00", BERLIN) + 60 * minute for minute in range(25 * 60)]

    assert sum(night.holds(minute) for minute in minutes) == 120


def test_a_night_window_holds_through_the_change(at):
    night = schedule(hours=("22:00-06:00",), timezone=BERLIN)
    begin, end = at("2026-03-28T22:00", BERLIN), at("2026-03-29T06:00:59", BERLIN)

    assert end - begin == 7 * 3600 + 59
    assert all(night.holds(begin + 60 * minute) for minute in range(7 * 60 + 1))
    assert not night.holds(end + 1)


def test_a_bound_within_the_hour_that_is_left_out_is_the_moment_that_would_have_been(at):
    assert schedule(valid_from="2026-03-29T02:30", timezone=BERLIN).begins == at("2026-03-29T03:30", BERLIN)


# -- a clock that jumps


@given(st.lists(st.floats(0, 4e9), max_size=8))
def test_a_jumping_clock_leaves_no_trace(moments):
    night = schedule(hours=("22:00-06:00",), days=("friday",), valid_from="2000-01-01", timezone=BERLIN)
    fresh = [
        schedule(hours=("22:00-06:00",), days=("friday",), valid_from="2000-01-01", timezone=BERLIN) for _ in moments
    ]

    assert [night.holds(now) for now in moments] == [each.holds(now) for each, now in zip(fresh, moments, strict=True)]


# -- what keeps it from holding


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"valid_from": "2027-01-01"}, "it is valid from 2027-01-01"),
        ({"valid_until": "2025-01-01"}, "it was valid until 2025-01-01"),
        ({"hours": ("22:00-06:00", "01:00-02:00")}, "its hours are 22:00-06:00, 01:00-02:00 (UTC)"),
        ({"days": ("monday", "friday"), "timezone": BERLIN}, "its days are monday, friday (Europe/Berlin)"),
        ({"days": ("monday",), "hours": ("00:00-24:00",)}, "its days are monday (UTC)"),
    ],
)
def test_an_obstacle_is_named_in_the_words_of_the_settings(fields, words):
    each = schedule(**fields)

    assert each.words(each.obstacle(datetime(2026, 6, 3, 12, tzinfo=UTC).timestamp())) == words


# -- what is no schedule


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"timezone": "Europe/Berln"}, "timezone", "did you mean 'Europe/Berlin'"),
        ({"timezone": "Europe"}, "timezone", "no timezone 'Europe'"),
        ({"timezone": "../etc/passwd"}, "timezone", "no timezone"),
        ({"timezone": ""}, "timezone", "no timezone ''"),
        ({"valid_from": "tomorrow"}, "valid_from", 'write it as "2026-01-31"'),
        ({"valid_until": "2026-02-30"}, "valid_until", "no moment"),
        ({"valid_from": "2026-02-02", "valid_until": "2026-02-01"}, "valid_until", "lies before valid_from"),
        ({"hours": ("09:00-17:00", "9-17")}, "hours.1", 'write it as "08:30-17:00"'),
        ({"hours": ("24:00-25:00",)}, "hours.0", "names a time that no day has"),
        ({"hours": ("10:60-11:00",)}, "hours.0", "names a time that no day has"),
        ({"days": ("monday", "tusday")}, "days.1", "did you mean 'tuesday'"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_place(fields, path, words):
    with pytest.raises(SettingsError, match=words) as caught:
        ScheduleSettings(**fields)

    assert caught.value.path == path
