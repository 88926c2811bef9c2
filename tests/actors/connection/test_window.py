from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.connection.window import Window

NOW = 1000.0


@pytest.fixture
def window():
    return Window(100)


def test_what_is_left_fits_at_once(window):
    window.take(60, NOW)

    assert window.fits_at(40, NOW) == NOW


def test_what_does_not_fit_has_to_wait_until_enough_of_the_oldest_is_a_minute_old(window):
    window.take(30, NOW)
    window.take(30, NOW + 10)
    window.take(40, NOW + 20)

    assert window.fits_at(30, NOW + 30) == NOW + 61
    assert window.fits_at(31, NOW + 30) == NOW + 71


def test_more_than_the_limit_fits_when_nothing_else_counts(window):
    assert window.fits_at(1000, NOW) == NOW
    window.take(1, NOW)
    assert window.fits_at(1000, NOW) == NOW + 61


def test_after_a_long_silence_nothing_counts(window):
    window.take(100, NOW)

    assert window.fits_at(100, NOW + 1_000_000) == NOW + 1_000_000
    assert window.used == 0


def test_a_correction_counts_where_it_was_taken(window):
    second = window.take(50, NOW)
    window.change(second, 20)

    assert (window.used, window.fits_at(31, NOW + 5)) == (70, NOW + 61)


def test_a_correction_never_gives_back_more_than_was_taken(window):
    second = window.take(50, NOW)
    window.change(second, -80)

    assert window.used == 0


def test_a_correction_of_what_has_left_is_forgotten(window):
    second = window.take(50, NOW)
    window.take(1, NOW + 61)
    window.change(second, 20)

    assert window.used == 1


def test_what_others_used_flows_off_evenly(window):
    window.charge(60, NOW, 30.0)

    assert window.used == 60
    assert window.fits_at(60, NOW) == NOW + 10
    assert window.fits_at(100, NOW) == NOW + 30


def test_what_others_used_is_gone_after_a_minute_at_the_latest(window):
    window.charge(60, NOW, 3600.0)

    assert window.fits_at(100, NOW) == NOW + 60


STEPS = st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(1, 60)), max_size=60)


@given(STEPS, st.integers(1, 50))
def test_who_asks_first_never_uses_more_than_the_limit_in_any_minute(steps, limit):
    window, now, taken = Window(limit), NOW, []
    for pause, amount in steps:
        now += pause
        amount = min(amount, limit)  # noqa: PLW2901 - what a call larger than the limit takes
        if window.fits_at(amount, now) == now:
            window.take(amount, now)
            taken.append((now, amount))

    for start, _ in taken:
        assert sum(amount for at, amount in taken if start <= at < start + 60.0) <= limit


@given(STEPS, st.integers(1, 50), st.integers(1, 60))
def test_the_moment_that_it_names_is_the_first_second_at_which_it_fits(steps, limit, amount):
    window, now = Window(limit), NOW
    for pause, each in steps:
        now += pause
        if window.fits_at(each, now) == now:
            window.take(min(each, limit), now)

    at = window.fits_at(amount, now)

    if at > now:
        assert window.fits_at(amount, at - 0.001) > at - 0.001
    assert window.fits_at(amount, at) == at


@given(st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(-30, 60), st.booleans()), max_size=60))
def test_what_counts_is_the_sum_of_the_slots_and_never_below_nothing(steps):
    window, now, second = Window(50), NOW, 0
    for pause, amount, is_charge in steps:
        now += pause
        if amount < 0:
            window.change(second, amount)
        elif is_charge:
            window.charge(amount, now, 17.0)
        else:
            second = window.take(amount, now)
        assert window.used == sum(window._slots)
        assert min(window._slots) >= 0
