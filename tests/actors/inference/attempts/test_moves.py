"""What comes next, as a table and as properties; no clock and no network."""

from __future__ import annotations

import math

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.inference.attempts.moves import Again, Next, Situation, Stop, Tried, Wait, next_move
from legion_llm.messages.cause import Cause
from legion_llm.messages.routing import Target
from legion_llm.messages.settings import RetryRule, RetrySettings

NOW = 1000.0
DEFAULT = RetrySettings()


def target(name, **fields):
    return Target(instance=name, model="m", **{"tier": "cloud", **fields})


A, B, C = map(target, "abc")


def tried(cause, where=A, *, retry_after=None, at=NOW):
    return Tried(target=where, cause=cause, ready_at=at + (retry_after or 0.0), retry_after=retry_after)


def here(last, *before, **fields):
    rows = (*before, last)
    values = {
        "last": last,
        "tried": rows,
        "left": (B, C),
        "made": len(rows),
        "counted": len(rows),
        "most": 3,
        "repeats": 0,
        "waits": 0,
        "is_single": True,
        "budget": dict.fromkeys("abc", 0.0),
        "now": NOW,
        "deadline": math.inf,
        **fields,
    }
    return Situation(**values)


def move(situation, settings=DEFAULT):
    return next_move(situation, settings, settings.rules())


TO_B = Next(target=B, left=(C,))
# Cause -> what follows a single failure while others are left, and when none is.
FIRST = {
    Cause.RESET: (Again(target=A), Again(target=A)),
    Cause.FAILED: (Again(target=A), Again(target=A)),
    Cause.DOWN: (TO_B, Wait(target=A, seconds=0.25, jitter=0.25)),
    Cause.SILENT: (TO_B, Stop()),
    Cause.THROTTLED: (TO_B, Wait(target=A, seconds=0.25, jitter=0.25)),
    Cause.BUSY: (TO_B, Stop()),
    Cause.OVERFLOW: (Stop(is_final=True), Stop(is_final=True)),  # B and C are peers
    Cause.UNFIT: (TO_B, Stop()),
    Cause.ACCOUNT_DEAD: (TO_B, Stop()),
    Cause.REJECTED: (Stop(is_final=True), Stop(is_final=True)),
    Cause.REFUSED: (Stop(is_final=True), Stop(is_final=True)),
    Cause.INTERNAL: (TO_B, Stop()),
    Cause.POOR: (TO_B, Stop()),
    Cause.FINAL: (Stop(is_final=True), Stop(is_final=True)),
}


def test_every_cause_has_its_rows():
    assert set(FIRST) == set(Cause)


@pytest.mark.parametrize("cause", FIRST)
def test_what_follows_the_first_failure(cause):
    assert move(here(tried(cause))) == FIRST[cause][0]


@pytest.mark.parametrize("cause", FIRST)
def test_what_follows_it_where_nobody_else_is_left(cause):
    assert move(here(tried(cause), left=())) == FIRST[cause][1]


# -- the same again


@pytest.mark.parametrize("cause", [Cause.RESET, Cause.FAILED])
def test_the_same_target_is_asked_again_once(cause):
    assert move(here(tried(cause), repeats=1)) == TO_B


def test_a_target_that_fails_others_too_is_not_asked_again_at_once():
    assert move(here(tried(Cause.FAILED), is_single=False)) == TO_B


def test_nobody_is_asked_again_without_budget():
    assert move(here(tried(Cause.FAILED), budget={"a": 0.1})) == TO_B


def test_a_failure_that_asks_for_a_wait_is_not_repeated_at_once():
    assert move(here(tried(Cause.FAILED, retry_after=2.0))) == TO_B


def test_settings_may_grant_more_repeats_or_none():
    often, never = RetrySettings(failed=RetryRule(again=3)), RetrySettings(failed=RetryRule(again=0))

    assert move(here(tried(Cause.FAILED), repeats=2), often) == Again(target=A)
    assert move(here(tried(Cause.FAILED)), never) == TO_B


# -- elsewhere


def test_settings_may_keep_a_failure_where_it_is():
    stay = RetrySettings(silent=RetryRule(elsewhere=False))

    assert move(here(tried(Cause.SILENT)), stay) == Stop(is_final=True)


@pytest.mark.parametrize("cause", [Cause.REJECTED, Cause.REFUSED])
def test_settings_may_send_a_refusal_elsewhere(cause):
    settings = RetrySettings(**{cause.value: RetryRule(elsewhere=True)})

    assert move(here(tried(cause)), settings) == TO_B


def test_a_prompt_that_is_too_long_goes_where_the_window_is_larger():
    small, large = target("b", context_window=8), target("c", context_window=128)
    too_long = tried(Cause.OVERFLOW, target("a", context_window=16))

    assert move(here(too_long, left=(small, large))) == Next(target=large, left=())


def test_a_poor_answer_goes_lateral_before_upward():
    above, peer = target("b", tier="frontier"), attrs.evolve(C, model="n")

    assert move(here(tried(Cause.POOR), left=(above, peer))) == Next(target=peer, left=(above,))


# -- bounds


@pytest.mark.parametrize("cause", sorted(Cause))
def test_when_the_attempts_are_spent_it_ends(cause):
    assert isinstance(move(here(tried(cause), counted=3)), Stop)


def test_attempts_that_do_not_count_are_bounded_too():
    forever = RetrySettings(busy=RetryRule(back_off=True))

    assert move(here(tried(Cause.BUSY), left=(), counted=0, made=4), forever) == Stop()


# -- waits


def test_a_wait_is_as_long_as_the_target_asked_for_and_chance_only_adds_to_it():
    assert move(here(tried(Cause.THROTTLED, retry_after=7.0), left=())) == Wait(target=A, seconds=7.0, jitter=0.25)


def test_a_retry_after_that_is_shorter_than_the_back_off_does_not_shorten_it():
    assert move(here(tried(Cause.THROTTLED, retry_after=0.01), left=())).seconds == 0.25


@pytest.mark.parametrize(("waits", "back_off"), [(0, 0.5), (1, 1.0), (3, 4.0), (4, 8.0), (50, 8.0)])
def test_the_back_off_doubles_up_to_its_limit(waits, back_off):
    wait = move(here(tried(Cause.DOWN), left=(), waits=waits))

    assert wait.seconds + wait.jitter == back_off


def test_a_wait_that_would_end_after_the_deadline_is_not_begun():
    throttled = tried(Cause.THROTTLED, retry_after=7.0)

    assert move(here(throttled, left=(), deadline=NOW + 7.2)) == Stop()
    assert isinstance(move(here(throttled, left=(), deadline=NOW + 7.3)), Wait)


def test_of_several_the_one_that_is_ready_first_is_waited_for():
    soon, late = tried(Cause.THROTTLED, B, retry_after=3.0), tried(Cause.THROTTLED, C, retry_after=9.0)

    assert move(here(tried(Cause.UNFIT), late, soon, left=(), most=5)) == Wait(target=B, seconds=3.0, jitter=0.25)


def test_a_target_that_was_throttled_is_waited_for_after_others_were_unfit():
    throttled = tried(Cause.THROTTLED, B, retry_after=3.0, at=NOW - 1.0)

    assert move(here(tried(Cause.UNFIT), throttled, left=())) == Wait(target=B, seconds=2.0, jitter=0.25)


def test_what_was_wrong_with_the_request_is_not_mended_by_waiting_for_another():
    throttled = tried(Cause.THROTTLED, B, retry_after=3.0)

    assert move(here(tried(Cause.REJECTED), throttled, left=())) == Stop(is_final=True)


def test_a_wait_is_long_enough_for_the_budget():
    assert move(here(tried(Cause.DOWN), left=(), budget={"a": 5.0})).seconds == 5.0


def test_a_budget_that_is_too_far_in_debt_ends_it():
    assert move(here(tried(Cause.DOWN), left=(), budget={"a": 8.1})) == Stop()


# -- patience


def patient(seconds):
    return RetrySettings(patience_seconds=seconds)


def test_by_default_a_retry_after_is_not_waited_for_while_another_can_answer():
    assert move(here(tried(Cause.THROTTLED, retry_after=0.5))) == TO_B


def test_with_patience_a_short_retry_after_is_waited_for_although_another_could_answer():
    throttled = tried(Cause.THROTTLED, retry_after=2.0)

    assert move(here(throttled), patient(2.0)) == Wait(target=A, seconds=2.0, jitter=0.25)
    assert move(here(throttled), patient(1.9)) == TO_B


def test_patience_bounds_the_wait_when_nobody_is_left_too():
    throttled = tried(Cause.THROTTLED, retry_after=2.0)

    assert move(here(throttled, left=()), patient(1.9)) == Stop()


def test_patience_does_not_outlast_the_deadline():
    assert move(here(tried(Cause.THROTTLED, retry_after=2.0), deadline=NOW + 2.0), patient(60.0)) == TO_B


# -- properties

causes = st.sampled_from(sorted(Cause))
rules = st.builds(
    RetryRule,
    again=st.none() | st.integers(0, 3),
    elsewhere=st.none() | st.booleans(),
    back_off=st.none() | st.booleans(),
)
settings = st.builds(
    RetrySettings,
    **{cause.value: rules for cause in DEFAULT.rules()},
    patience_seconds=st.none() | st.floats(0, 100),
)


@given(
    settings=settings,
    ends=st.lists(st.tuples(causes, st.none() | st.floats(0, 30), st.booleans()), min_size=40, max_size=40),
    most=st.integers(1, 10),
    names=st.integers(1, 5),
    patience=st.sampled_from([5.0, 60.0, math.inf]),
)
def test_whatever_happens_it_ends_in_time_and_never_goes_back_unasked(settings, ends, most, names, patience):
    left = tuple(target(str(number)) for number in range(names))
    last, left = left[0], left[1:]
    now, made, counted, repeats, waits, seen = NOW, 0, 0, 0, 0, {last.instance}
    rows = {}

    for cause, retry_after, is_single in ends:
        made, counted = made + 1, counted + 1
        rows[last.instance] = tried(cause, last, retry_after=retry_after, at=now)
        situation = Situation(
            last=rows[last.instance],
            tried=tuple(rows.values()),
            left=left,
            made=made,
            counted=counted,
            most=most,
            repeats=repeats,
            waits=waits,
            is_single=is_single,
            budget=dict.fromkeys(rows, 0.0),
            now=now,
            deadline=NOW + patience,
        )
        match next_move(situation, settings, settings.rules()):
            case Stop():
                break
            case Next(target=following, left=rest):
                assert following.instance not in seen
                assert len(rest) < len(left)
                last, left, repeats = following, rest, 0
                seen.add(last.instance)
            case Again(target=same):
                assert same == last
                repeats += 1
            case Wait(target=again, seconds=seconds, jitter=jitter):
                assert again.instance in seen
                assert now + seconds >= rows[again.instance].ready_at
                now += seconds + jitter
                assert now < NOW + patience
                last, repeats, waits = again, 0, waits + 1
    else:
        raise AssertionError("it did not end")
    assert counted <= most
