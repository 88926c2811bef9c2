from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.health.latency import LatencyWindow, adjustment, latency_penalty
from legion_llm.messages.routing import CircuitState

WINDOW = 300.0
SLICE = WINDOW / 60


@pytest.fixture
def window():
    return LatencyWindow(WINDOW)


@pytest.mark.parametrize(
    ("average_ms", "points"),
    [
        (0.0, 0.0),
        (4999.9, 0.0),
        (5000.0, 0.0),
        (5000.1, -10.0),
        (9999.9, -10.0),
        (10_000.0, -20.0),
        (24_999.0, -40.0),
        (25_000.0, -50.0),
        (1e9, -50.0),
    ],
)
def test_slowness_costs_ten_points_per_threshold_and_fifty_at_the_most(average_ms, points):
    assert latency_penalty(average_ms, 5000.0) == points


@pytest.mark.parametrize(
    ("state", "average_ms", "points"),
    [
        ("closed", 0.0, 0.0),
        ("half_open", 0.0, -25.0),
        ("open", 0.0, -50.0),
        ("closed", 12_000.0, -20.0),
        ("half_open", 12_000.0, -45.0),
        ("open", 1e9, -100.0),
    ],
)
def test_the_adjustment_is_the_circuits_penalty_and_the_latencys(state, average_ms, points):
    assert adjustment(CircuitState(state), average_ms, 5000.0) == points


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.floats(1, 1e5))
def test_the_slower_never_loses_less(one, other, threshold):
    faster, slower = sorted([one, other])

    assert -50.0 <= latency_penalty(slower, threshold) <= latency_penalty(faster, threshold) <= 0.0


def test_without_samples_the_average_is_nothing(window):
    assert window.average_ms(0.0) == 0.0


def test_the_average_is_the_mean_in_milliseconds(window):
    for seconds in (1.0, 2.0, 6.0):
        window.add(1000.0, seconds)

    assert window.average_ms(1000.0) == pytest.approx(3000.0)


def test_a_sample_counts_for_the_window_less_at_most_a_sixtieth(window):
    window.add(1004.9, 1.0)

    assert window.average_ms(1004.9 + WINDOW - SLICE) == 1000.0


def test_a_sample_is_forgotten_after_the_window(window):
    window.add(1000.0, 1.0)

    assert window.average_ms(1000.0 + WINDOW) == 0.0


def test_only_what_is_old_is_forgotten(window):
    window.add(1000.0, 9.0)
    window.add(1200.0, 1.0)

    assert window.average_ms(1000.0 + WINDOW) == 1000.0


def test_memory_does_not_grow_with_the_number_of_samples(window):
    for number in range(10_000):
        window.add(number / 10, 1.0)
        window.average_ms(number / 10)

    assert len(window._slices) <= 61


def test_without_samples_nothing_ever_fades(window):
    assert window.fades_at() == math.inf


@given(st.floats(0, 1e8), st.floats(0.1, 1e5))
def test_at_the_moment_named_the_oldest_sample_is_gone(at, length):
    window = LatencyWindow(length)
    window.add(at, 1.0)

    assert window.average_ms(window.fades_at()) == 0.0


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 100)), min_size=1, max_size=30))
def test_the_average_lies_between_the_exact_ones_of_a_slightly_longer_and_a_slightly_shorter_window(steps):
    window, now, samples = LatencyWindow(WINDOW), 0.0, []
    for gap, seconds in steps:
        now += gap
        samples.append((now, seconds))
        window.add(now, seconds)

    average = window.average_ms(now)

    counted = [seconds for at, seconds in samples if at > now - WINDOW + SLICE]
    candidates = [seconds for at, seconds in samples if at >= now - WINDOW]
    assert 1000 * min(candidates) - 1e-6 <= average <= 1000 * max(candidates) + 1e-6
    if counted == candidates:
        assert average == pytest.approx(1000 * sum(counted) / len(counted))
