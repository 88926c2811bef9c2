"""The simulation replays, and shows what the real actors are worth on bad days."""

from __future__ import annotations

import functools

import attrs
import pytest
from policies import OURS, SIMPLE
from run import simulate
from scenarios import HOUR, SCENARIOS, Jump

SEED = 7


@functools.cache
def played(name, policy=OURS, *, minutes=None, seed=SEED, jumps=None):
    """Return what came of a scenario, or of its first minutes; the same run is made once for all tests."""
    scenario = SCENARIOS[name]
    changes = {"minutes": minutes, "jumps": jumps}
    changed = attrs.evolve(scenario, **{field: value for field, value in changes.items() if value is not None})
    return simulate(name, changed, policy, seed)


@pytest.mark.parametrize("policy", [OURS, "random"])
@pytest.mark.parametrize("name", ["flapping", "siblings"])
def test_the_same_seed_replays_exactly(name, policy):
    once = simulate(name, attrs.evolve(SCENARIOS[name], minutes=2), policy, SEED)

    assert once == played(name, policy, minutes=2)


def test_another_seed_is_another_story():
    assert played("flapping", minutes=2, seed=1) != played("flapping", minutes=2, seed=2)


def test_a_result_says_how_to_see_it_again():
    assert played("flapping", minutes=2).replay == (
        "make simulate ARGS=\"--scenario 'flapping' --policy 'legion' --seed 7\""
    )


@pytest.mark.parametrize("name", ["weather", "flapping", "slow death"])
def test_whatever_the_weather_callers_are_answered(name):
    result = played(name, minutes=12)

    assert result.success > 0.999, result.replay


@pytest.mark.parametrize("name", ["weather", "flapping", "slow death"])
@pytest.mark.parametrize("policy", SIMPLE)
def test_the_actors_waste_no_more_calls_than_a_simple_rule(name, policy):
    ours = played(name, minutes=12)

    assert ours.wasted <= played(name, policy, minutes=12).wasted, ours.replay


@pytest.mark.parametrize("policy", SIMPLE)
def test_of_a_provider_that_slows_down_and_dies_callers_notice_less_than_with_a_simple_rule(policy):
    ours = played("slow death", minutes=12)

    assert ours.latency(0.99) < played("slow death", policy, minutes=12).latency(0.99), ours.replay


def test_a_provider_that_comes_back_is_used_again():
    result = played("weather", minutes=20)

    before = result.goodput(0, 900)
    assert (before, result.goodput(1100, 1200)) == (1.0, 1.0), result.replay
    assert result.upstream["fast"].calls > 0.8 * len(result.outcomes)


# -- limits


def test_a_rate_limit_is_hit_once_and_then_respected():
    result = played("rate limited", minutes=8)

    assert result.success == 1.0, result.replay
    assert result.wasted < 0.02


def test_limits_that_the_settings_know_are_never_hit_and_used_up_all_the_same():
    result = played("known limits", minutes=8)

    assert (result.success, result.wasted) == (1.0, 0.0), result.replay
    assert result.upstream["stingy"].calls > 0.9 * 60 * 8
    assert result.upstream["frugal"].calls > 0.8 * 28_000 / 510 * 8


# -- accounts and deadlines


def test_a_provider_out_of_credit_costs_one_call_and_a_probe_now_and_then():
    result = played("unpaid", minutes=14)

    assert result.success == 1.0, result.replay
    assert result.upstream["broke"].wasted <= 1 + 540 / 300
    assert result.goodput(300, 840) == 1.0


def test_no_healthy_provider_is_put_aside_for_callers_without_time():
    result = played("hasty", minutes=6)

    assert result.trips == {"well": 0, "spare": 0}, result.replay
    assert all(each.error is None for each in result.outcomes if each.patience > 1.0)
    assert all(each.error is not None for each in result.outcomes if each.patience < 0.1)


# -- nobody answers


def test_while_nobody_answers_callers_hear_so_at_once_and_when_to_come_back():
    result = played("darkness", minutes=9)

    dark = [each for each in result.outcomes if 135 < each.at < 415]
    fast = [each for each in dark if each.error == "NoRouteError"]
    assert len(fast) > 0.95 * len(dark), result.replay
    assert max(each.took for each in fast) == 0.0
    assert all(0.0 <= each.retry_after <= 60.0 for each in fast)


def test_after_the_darkness_the_next_probe_brings_everybody_back():
    result = played("darkness", minutes=9)

    assert result.goodput(420 + 60, 540) == 1.0, result.replay
    # Three failures to find out, and a probe a minute, of each; some may be in flight when it begins.
    assert sum(each.wasted for each in result.upstream.values()) < 30


# -- load


def test_after_three_minutes_at_three_times_the_capacity_it_is_as_before_within_half_a_minute():
    result = played("overload")

    assert result.goodput(330, 480) >= 0.95 * result.goodput(0, 120), result.replay
    assert result.goodput(0, 120) == 1.0


def test_under_overload_the_providers_work_at_what_they_can_and_the_others_are_told_when_to_come_back():
    result = played("overload")

    answered = [each for each in result.outcomes if each.error is None and 150 <= each.at + each.took < 300]
    refused = [each for each in result.outcomes if each.error == "EscalationExhausted"]
    capacity = 2 * 5 / 1.08  # slots over the mean time of an answer
    assert len(answered) / 150 > 0.85 * capacity, result.replay
    assert min(each.retry_after for each in refused) >= 1.0
    assert result.trips == {"one": 0, "two": 0}


@pytest.mark.parametrize("policy", ["random", "round robin"])
def test_siblings_share_the_work_by_what_each_can_take(policy):
    ours, simple = played("siblings", minutes=7), played("siblings", policy, minutes=7)

    assert ours.success == 1.0, ours.replay
    assert ours.latency(0.99) < simple.latency(0.99)
    assert all(each.calls > 0 for each in ours.upstream.values())


def test_ten_thousand_at_once_while_the_favourite_is_dead_storm_nobody_and_none_is_lost():
    result = played("stampede")

    assert len(result.outcomes) > 9_500
    assert result.success == 1.0, result.replay
    assert result.calls_per_request < 1.01


# -- clocks


def test_setting_the_wall_clock_changes_nothing():
    jumps = (Jump(at=100, wall=-86_400.0), Jump(at=430, wall=90_000.0))

    assert played("jumping clocks", minutes=9, jumps=jumps) == played("jumping clocks", minutes=9, jumps=())


def test_a_machine_that_wakes_from_a_long_sleep_goes_on_at_once():
    result = played("jumping clocks", minutes=8 * 60 + 12, jumps=(Jump(at=430, monotonic=8 * HOUR),))

    assert result.goodput(8 * HOUR, 9 * HOUR) == 1.0, result.replay
    assert result.success > 0.99
