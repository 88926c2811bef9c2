from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.actors.connection.concurrency import AdaptiveLimit, Sample, is_overload
from legion_llm.messages.chat import Usage
from legion_llm.messages.errors import AuthError, ProviderDown, ProviderError, RateLimitError
from legion_llm.messages.settings import AdaptiveSettings

SHORT = Usage(visible_output=1)


class Instance:
    """An instance with so many slots: calls beyond those wait in its own line, so answers take longer the more are in flight."""

    def __init__(self, *, slots, most=64, seconds=1.0, demand=1000, **settings):
        self.adaptive = AdaptiveLimit(AdaptiveSettings(**settings), most)
        self.slots = slots
        self.seconds = seconds
        self.demand = demand
        self.now = 1000.0

    @property
    def limit(self):
        return self.adaptive.limit

    def serve(self, rounds, usage=SHORT):
        """Send as many calls as the limit and the demand allow, wait for all of them, and so on."""
        for _ in range(rounds):
            in_flight = min(self.limit, self.demand)
            took = self.seconds * max(1.0, in_flight / self.slots)
            began, self.now = self.now, self.now + took
            for _ in range(in_flight):
                self.adaptive.answered(Sample(began, took, usage, in_flight, True), self.now)


def unloaded(**more):
    """An instance that is known from quiet times."""
    instance = Instance(**more)
    instance.demand = 1
    instance.serve(40)
    instance.demand = 1000
    return instance


def test_a_slow_hour_without_load_costs_nothing():
    instance = unloaded(slots=1000, demand=5)
    instance.demand, instance.seconds = 5, 20.0
    instance.serve(50)

    assert instance.limit == 64


def test_it_begins_with_as_many_as_are_allowed():
    assert Instance(slots=10, most=64).limit == 64


def test_an_instance_that_can_take_all_gets_all():
    instance = unloaded(slots=1000)
    instance.serve(100)

    assert instance.limit == 64


def test_it_settles_where_answers_take_as_much_longer_as_is_tolerated():
    instance = unloaded(slots=5)
    limits = []
    for _ in range(100):
        instance.serve(1)
        limits.append(instance.limit)

    assert 10 <= min(limits[20:]) <= max(limits[20:]) <= 19  # 3 times 5, and a quarter more to try


def test_it_never_falls_below_the_least():
    instance = unloaded(slots=2)
    limits = []
    for _ in range(100):
        instance.serve(1)
        limits.append(instance.limit)

    assert 8 <= min(limits[5:]) <= max(limits[5:]) <= 16


def test_with_a_least_of_one_it_finds_an_engine_that_works_on_one_call_at_a_time():
    instance = unloaded(slots=1, min_concurrency=1)
    limits = []
    for _ in range(200):
        instance.serve(1)
        limits.append(instance.limit)

    assert 2 <= min(limits[20:]) <= max(limits[20:]) <= 5


def test_a_least_above_the_most_is_the_most():
    assert Instance(slots=10, most=2, min_concurrency=8).adaptive._least == 2


def test_an_instance_that_grows_is_used_to_the_full_again():
    instance = unloaded(slots=5)
    instance.serve(50)
    instance.slots = 1000
    instance.serve(60)

    assert instance.limit == 64


def test_an_instance_that_has_become_slower_for_good_is_taken_as_it_is():
    instance = unloaded(slots=1000)
    instance.seconds = 10.0
    instance.serve(5)
    early = instance.limit
    instance.serve(20)

    assert (early < 64, instance.limit) == (True, 64)


def test_longer_answers_are_no_slower_answers():
    instance = unloaded(slots=1000)
    instance.seconds = 40.5  # of 2,000 tokens; those before had one token and took a second
    instance.serve(50, Usage(visible_output=2000))

    assert instance.limit == 64


def test_longer_prompts_are_no_slower_answers():
    instance = unloaded(slots=1000)
    instance.seconds = 20.0
    instance.serve(50, Usage(uncached_input=40_000, visible_output=1))

    assert instance.limit == 64


def test_the_length_of_a_stream_is_not_held_against_its_first_content():
    long = Usage(visible_output=10_000)

    assert Sample(0.0, 1.0, long, 1, False).work < 1.0 < Sample(0.0, 1.0, long, 1, True).work


def test_what_takes_no_time_is_not_slow():
    instance = unloaded(slots=1, seconds=0.002)
    instance.serve(50)

    assert instance.limit == 64


def test_an_answer_whose_length_nobody_reported_says_nothing():
    instance = unloaded(slots=1)
    instance.serve(50, Usage(source="partial"))

    assert instance.limit == 64


def test_calls_from_before_a_change_do_not_change_it_again():
    instance = unloaded(slots=5)
    began = instance.now
    for _ in range(64):
        instance.adaptive.answered(Sample(began, 20.0, SHORT, 64, True), began + 20.0)

    assert instance.limit == 32


def test_a_call_that_was_too_much_takes_a_third_off_what_is_in_flight_and_its_companions_no_more():
    limit = AdaptiveLimit(AdaptiveSettings(), 64)
    for now in (10.0, 10.1, 10.2):
        limit.overloaded(9.0, now, 40)

    assert limit.limit == 28
    limit.overloaded(10.5, 11.0, 28)
    assert limit.limit == 19


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ProviderError("overloaded", status=529), True),
        (ProviderError("unavailable", status=503), True),
        (ProviderDown("silent"), True),
        (RateLimitError("too many at once", status=429), True),
        (RateLimitError("too many this minute", status=429, retry_after=20.0), False),
        (ProviderError("bug", status=500), False),
        (AuthError("key", status=401), False),
        (ValueError(), False),
    ],
)
def test_what_may_mean_too_many_at_once(failure, expected):
    assert is_overload(failure) is expected


EVENTS = st.lists(
    st.tuples(
        st.floats(0.0, 5.0),
        st.floats(0.0, 100.0),
        st.integers(1, 100),
        st.booleans(),
        st.integers(0, 5000),
    ),
    max_size=200,
)


@given(EVENTS, st.integers(1, 20), st.integers(1, 100))
def test_whatever_happens_the_limit_stays_within_its_bounds(events, least, most):
    limit, now = AdaptiveLimit(AdaptiveSettings(min_concurrency=least), most), 1000.0
    for pause, took, in_flight, is_answer, tokens in events:
        now += pause
        if is_answer:
            limit.answered(Sample(now - took, took, Usage(visible_output=tokens), in_flight, True), now)
        else:
            limit.overloaded(now - took, now, in_flight)
        assert min(least, most) <= limit.limit <= most
