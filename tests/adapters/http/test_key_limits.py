"""What the holder of a key may use in a minute, by a clock that the test moves."""

from __future__ import annotations

import pytest
from legion_llm.adapters.http.key_limits import KeyLimits, admission_of
from legion_llm.messages.chat import ChatMessage, Request, Usage
from legion_llm.messages.errors import CallerLimitError
from legion_llm.messages.settings import KeySettings


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def limits(clock, **rights):
    return KeyLimits("ann", KeySettings(key="k", **rights), clock)


def test_a_minutes_requests_may_come_at_once_and_no_more(clock):
    ann = limits(clock, requests_per_minute=3)
    for _ in range(3):
        ann.admit(0)

    with pytest.raises(CallerLimitError, match="the key of ann has used up its requests") as refused:
        ann.admit(0)

    assert refused.value.retry_after == pytest.approx(20)


def test_what_was_promised_is_true(clock):
    ann = limits(clock, requests_per_minute=3)
    for _ in range(3):
        ann.admit(0)
    with pytest.raises(CallerLimitError) as refused:
        ann.admit(0)

    clock.now += refused.value.retry_after + 0.001

    ann.admit(0)


def test_tokens_are_reserved_and_settled_by_what_was_used(clock):
    ann = limits(clock, tokens_per_minute=1000)
    with ann.admit(900) as admission:
        with pytest.raises(CallerLimitError, match="tokens"):
            ann.admit(200)
        admission.settle(Usage(uncached_input=90, visible_output=10))

    ann.admit(900)


def test_what_was_used_beyond_the_estimate_is_owed(clock):
    ann = limits(clock, tokens_per_minute=600)
    with ann.admit(10) as admission:
        admission.settle(Usage(uncached_input=10, visible_output=1190))

    with pytest.raises(CallerLimitError) as refused:
        ann.admit(10)

    assert refused.value.retry_after == pytest.approx(61)


def test_a_request_that_failed_gives_its_tokens_back(clock):
    ann = limits(clock, tokens_per_minute=100)

    with pytest.raises(ZeroDivisionError), ann.admit(100):
        raise ZeroDivisionError

    ann.admit(100)


def test_an_answer_of_unknown_usage_costs_its_estimate(clock):
    ann = limits(clock, tokens_per_minute=100)

    with ann.admit(100) as admission:
        admission.settle(None)

    with pytest.raises(CallerLimitError):
        ann.admit(100)


def test_a_request_larger_than_a_minute_waits_for_a_full_minute_and_not_for_ever(clock):
    ann = limits(clock, tokens_per_minute=100)

    ann.admit(5000)

    with pytest.raises(CallerLimitError):
        ann.admit(1)


def test_a_holder_without_limits_is_not_counted(clock):
    request = Request(messages=(ChatMessage(content="hi"),))

    with admission_of(None, request) as admission:
        admission.settle(Usage(visible_output=10**9))

    with admission_of(None, request):
        pass
    assert not limits(clock, requests_per_minute=1).counts_tokens
