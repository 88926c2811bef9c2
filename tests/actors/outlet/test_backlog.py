from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.outlet.backlog import Backlog


@pytest.fixture
def backlog():
    return Backlog(3)


def fill(backlog, *rows):
    return [backlog.add(row) for row in rows]


def test_rows_are_taken_oldest_first(backlog):
    fill(backlog, "a", "b", "c")

    assert backlog.take(2) == ("a", "b")


def test_a_batch_is_given_again_until_it_is_confirmed(backlog):
    fill(backlog, "a", "b")
    backlog.take(1)

    assert backlog.take(5) == ("a",)
    backlog.confirm()
    assert backlog.take(5) == ("b",)


def test_a_batch_that_is_taken_still_counts(backlog):
    fill(backlog, "a", "b")
    backlog.take(1)

    assert (len(backlog), backlog.settled) == (2, 0)
    backlog.confirm()
    assert (len(backlog), backlog.settled) == (1, 1)


def test_where_it_is_full_the_oldest_that_waits_is_dropped(backlog):
    assert fill(backlog, "a", "b", "c", "d") == [True, True, True, False]

    assert backlog.take(9) == ("b", "c", "d")
    assert backlog.dropped == 1


def test_what_is_being_written_is_not_dropped(backlog):
    fill(backlog, "a", "b", "c")
    backlog.take(2)
    fill(backlog, "d")

    assert backlog.take(9) == ("a", "b")
    backlog.confirm()
    assert backlog.take(9) == ("d",)


def test_the_newest_row_is_kept_even_where_a_batch_fills_it_all(backlog):
    fill(backlog, "a", "b", "c")
    backlog.take(3)

    assert fill(backlog, "d", "e") == [True, False]
    backlog.confirm()
    assert backlog.take(9) == ("e",)


@given(st.lists(st.sampled_from(["add", "take", "confirm"]), max_size=60), st.integers(1, 5))
def test_every_row_is_confirmed_once_or_dropped_once_and_the_order_is_kept(steps, capacity):
    backlog, confirmed, taken = Backlog(capacity), [], ()
    for number, step in enumerate(steps):
        if step == "add":
            backlog.add(number)
        elif step == "take":
            taken = backlog.take(2)
        else:
            confirmed += taken
            taken = ()
            backlog.confirm()

    assert confirmed == sorted(set(confirmed))
    assert backlog.added == len(confirmed) + backlog.dropped + len(backlog)
    assert len(backlog) <= max(capacity, len(backlog.take(2)) + 1)
