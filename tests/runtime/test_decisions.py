"""Whether, whom and when to restart: pure functions."""

from __future__ import annotations

import pytest
from legion_llm.runtime import ASYNCIO, Actor, ChildSpec, Intensity, Restart, Strategy, SupervisorSpec
from legion_llm.runtime.decisions import Ending, RestartLedger, affected, restarts


@pytest.mark.parametrize(
    ("restart", "ending", "again"),
    [
        (Restart.PERMANENT, Ending.NORMAL, True),
        (Restart.PERMANENT, Ending.CRASHED, True),
        (Restart.TRANSIENT, Ending.NORMAL, False),
        (Restart.TRANSIENT, Ending.CRASHED, True),
        (Restart.TEMPORARY, Ending.NORMAL, False),
        (Restart.TEMPORARY, Ending.CRASHED, False),
    ],
)
def test_who_is_started_again(restart, ending, again):
    assert restarts(restart, ending) is again


@pytest.mark.parametrize(
    ("strategy", "positions"),
    [(Strategy.ONE_FOR_ONE, [1]), (Strategy.REST_FOR_ONE, [1, 2, 3]), (Strategy.ONE_FOR_ALL, [0, 1, 2, 3])],
)
def test_who_is_restarted_with_it(strategy, positions):
    assert list(affected(strategy, 1, 4)) == positions


def ledger(jitter=1.0, **limits):
    return RestartLedger(Intensity(**limits), lambda: jitter)


def test_the_first_restart_is_immediate_then_the_wait_doubles_up_to_its_bound():
    book = ledger(max_restarts=6, backoff_initial=0.1, backoff_max=0.5)

    assert [book.next_delay(0.0) for _ in range(6)] == [0.0, 0.1, 0.2, 0.4, 0.5, 0.5]


def test_the_wait_is_drawn_from_its_upper_half():
    book = ledger(jitter=0.0, backoff_initial=0.1)
    book.next_delay(0.0)

    assert book.next_delay(0.0) == 0.05


def test_one_restart_too_many_within_the_window_and_it_gives_up():
    book = ledger(max_restarts=2, max_seconds=10.0)

    assert [book.next_delay(at) is None for at in (0.0, 5.0, 9.9)] == [False, False, True]


def test_restarts_that_are_long_ago_do_not_count():
    book = ledger(max_restarts=2, max_seconds=10.0)

    assert [book.next_delay(at) is None for at in (0.0, 5.0, 10.0, 16.0)] == [False] * 4


def test_no_restart_may_be_allowed_at_all():
    assert ledger(max_restarts=0).next_delay(0.0) is None


def test_a_spec_takes_the_words_of_the_trade_and_no_others():
    spec = SupervisorSpec(name="root", strategy="rest_for_one", restart="transient")

    assert (spec.strategy, spec.restart) == (Strategy.REST_FOR_ONE, Restart.TRANSIENT)
    with pytest.raises(ValueError, match="one_by_one"):
        SupervisorSpec(name="root", strategy="one_by_one")


def test_an_event_loop_is_named_by_its_word_too_and_no_other_word_is_one():
    assert ChildSpec(name="a", factory=Actor, home="asyncio").home is ASYNCIO
    with pytest.raises(ValueError, match="twisted"):
        ChildSpec(name="a", factory=Actor, home="twisted")
