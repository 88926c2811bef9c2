"""The simulation replays, and shows what the real actors are worth."""

from __future__ import annotations

import attrs
import pytest
from policies import OURS, SIMPLE
from run import simulate
from scenarios import SCENARIOS


def played(name, policy, *, minutes, seed=7):
    return simulate(name, attrs.evolve(SCENARIOS[name], minutes=minutes), policy, seed)


@pytest.mark.parametrize("policy", [OURS, "random"])
def test_the_same_seed_replays_exactly(policy):
    assert played("flapping", policy, minutes=2) == played("flapping", policy, minutes=2)


def test_another_seed_is_another_story():
    assert played("flapping", OURS, minutes=2, seed=1) != played("flapping", OURS, minutes=2, seed=2)


@pytest.mark.parametrize("name", ["weather", "flapping"])
def test_whatever_the_weather_callers_are_answered(name):
    assert played(name, OURS, minutes=12).success > 0.999


@pytest.mark.parametrize("name", ["weather", "flapping", "slow death"])
@pytest.mark.parametrize("policy", SIMPLE)
def test_the_actors_waste_no_more_calls_than_a_simple_rule(name, policy):
    assert played(name, OURS, minutes=12).wasted <= played(name, policy, minutes=12).wasted


def test_a_provider_that_comes_back_is_used_again():
    result = played("weather", OURS, minutes=25)

    before = result.goodput(0, 900)
    assert (before, result.goodput(1100, 1500)) == (1.0, 1.0)
    assert result.upstream["fast"].calls > 0.8 * len(result.outcomes)


def test_a_rate_limit_is_hit_once_and_then_respected():
    result = played("rate limited", OURS, minutes=12)

    assert result.success == 1.0
    assert result.wasted < 0.02
