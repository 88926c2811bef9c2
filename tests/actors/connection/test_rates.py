from __future__ import annotations

import math

import pytest
from legion_llm.actors.connection.rates import NOTHING, Rates
from legion_llm.messages.chat import Usage
from legion_llm.messages.errors import ProviderDown, RateLimitError, TargetUnavailable, UnsupportedCapability
from legion_llm.messages.limits import Allowance, RateLimits
from legion_llm.messages.settings import LimitSettings, ModelLimitSettings

NOW = 1000.0


def rates_of(requests=None, tokens=None, **per_model):
    models = {name: ModelLimitSettings(**limits) for name, limits in per_model.items()}
    return Rates("openai", LimitSettings(requests_per_minute=requests, tokens_per_minute=tokens, per_model=models))


def reserve(rates, model="m", *, prompt=10, answer=10, now=NOW):
    return rates.reserve(model, lambda: prompt, answer, now)


def used(rates, scope="all models"):
    return rates.described()[scope]


def wait(rates, **more):
    with pytest.raises(TargetUnavailable) as caught:
        reserve(rates, **more)
    return caught.value.retry_after


def test_where_nothing_is_limited_nothing_is_counted_or_estimated():
    def not_asked():
        raise AssertionError("the prompt was estimated")

    assert rates_of().reserve("m", not_asked, None, NOW) is NOTHING


def test_a_limit_of_requests_does_not_estimate_the_prompt():
    def not_asked():
        raise AssertionError("the prompt was estimated")

    with rates_of(requests=1).reserve("m", not_asked, None, NOW) as share:
        assert share is not NOTHING


def test_one_request_more_than_the_minute_holds_is_refused_and_told_how_long_to_wait():
    rates = rates_of(requests=2)
    reserve(rates)
    reserve(rates, now=NOW + 10)

    with pytest.raises(TargetUnavailable, match=r"openai: this minute's .* used up for m, wait 41.0 s") as caught:
        reserve(rates, now=NOW + 20)

    assert caught.value.retry_after == 41.0
    reserve(rates, now=NOW + 61)


def test_a_refused_request_takes_nothing_from_any_scope():
    rates = rates_of(requests=5, m={"requests_per_minute": 1})
    reserve(rates)

    wait(rates)

    assert (used(rates), used(rates, "m")) == ({"requests": "1/5"}, {"requests": "1/1"})


def test_a_model_s_limit_is_its_own_and_the_whole_is_everybody_s():
    rates = rates_of(requests=3, m={"requests_per_minute": 1})
    reserve(rates)

    wait(rates)
    reserve(rates, "other")
    reserve(rates, "other")

    assert wait(rates, model="other") == 61.0


def test_tokens_are_reserved_by_estimate_and_settled_by_what_was_used():
    rates = rates_of(tokens=1000)
    with reserve(rates, prompt=100, answer=50) as share:
        before = used(rates)
        share.settle(Usage(uncached_input=80, visible_output=300))

    assert (before, used(rates)) == ({"tokens": "150/1000"}, {"tokens": "380/1000"})


def test_an_answer_of_unknown_length_is_expected_to_be_as_long_as_those_before():
    rates = rates_of(tokens=1_000_000)
    first = used_by(rates, None)
    for _ in range(100):
        with reserve(rates) as share:
            share.settle(Usage(visible_output=2000))

    assert (first, used_by(rates, None)) == (256, pytest.approx(2000, abs=2))
    assert used_by(rates, 30) == 30


def used_by(rates, answer):
    """Return what one more call without a prompt would take for its answer."""
    before = int(used(rates)["tokens"].split("/")[0])
    with reserve(rates, prompt=0, answer=answer) as share:
        taken = int(used(rates)["tokens"].split("/")[0]) - before
        share.settle(Usage(source="partial"))
    return taken


def test_a_usage_that_nobody_reported_leaves_the_estimate():
    rates = rates_of(tokens=1000)
    with reserve(rates, prompt=100, answer=50) as share:
        share.settle(Usage(source="partial"))

    assert used(rates) == {"tokens": "150/1000"}


def test_a_request_that_is_larger_than_the_limit_is_let_through_alone():
    rates = rates_of(tokens=100)
    with reserve(rates, prompt=5000) as share:
        share.settle(Usage(uncached_input=90))

    assert used(rates) == {"tokens": "90/100"}
    assert wait(rates, prompt=5000) == 61.0


# -- leases


def fails(rates, error):
    with pytest.raises(type(error)), reserve(rates, prompt=100, answer=50):
        raise error
    return used(rates)


def test_a_call_that_was_never_sent_gives_all_of_it_back():
    assert fails(rates_of(5, 1000), UnsupportedCapability("no")) == {"requests": "0/5", "tokens": "0/1000"}


def test_a_call_that_was_refused_with_a_status_gives_its_tokens_back():
    assert fails(rates_of(5, 1000), RateLimitError("no", status=429)) == {"requests": "1/5", "tokens": "0/1000"}


@pytest.mark.parametrize("error", [ProviderDown("silent"), KeyboardInterrupt()])
def test_a_call_whose_end_nobody_knows_keeps_what_it_took(error):
    assert fails(rates_of(5, 1000), error) == {"requests": "1/5", "tokens": "150/1000"}


# -- what the provider says


def said(requests=None, tokens=None, *, at=NOW):
    return RateLimits(requests=requests, tokens=tokens, at=at)


def test_less_left_than_we_believe_makes_it_stricter():
    rates = rates_of(requests=100)
    reserve(rates)

    rates.corrected("m", said(Allowance(20.0, 100.0, 30.0)), NOW)

    assert used(rates) == {"requests": "80/100"}


def test_more_left_than_we_believe_changes_nothing():
    rates = rates_of(100, 1000)
    for _ in range(50):
        reserve(rates)
    before = used(rates)

    rates.corrected("m", said(Allowance(5000.0, 10_000.0), Allowance(1e6, 1e6)), NOW)

    assert used(rates) == before


def test_what_others_used_comes_back_as_fast_as_the_provider_s_allowance_fills():
    rates = rates_of(requests=100)

    # 90 of 100 are gone and back in 45 s, so two a second: those 90 are gone from our count, too, by then
    rates.corrected("m", said(Allowance(10.0, 100.0, 45.0)), NOW)

    assert rates._whole.requests.fits_at(30, NOW) == pytest.approx(NOW + 10, abs=1)
    assert rates._whole.requests.fits_at(100, NOW) == NOW + 45


def test_what_a_provider_said_long_ago_is_out_of_date():
    rates = rates_of(requests=100)

    rates.corrected("m", said(Allowance(0.0, 100.0, 45.0), at=NOW - 6), NOW)

    assert used(rates) == {"requests": "0/100"}
    reserve(rates)


@pytest.mark.parametrize(
    ("allowance", "seconds"),
    [
        (Allowance(0.0, 10.0, 50.0), 5.0),  # one flows back in 5 s
        (Allowance(0.0, None, 50.0), 50.0),
        (Allowance(0.0, 10.0, None), 1.0),
        (Allowance(0.0, 10_000.0, 60.0), 1.0),
    ],
)
def test_a_model_of_which_nothing_is_left_is_left_alone_though_nothing_is_configured(allowance, seconds):
    rates = rates_of()

    rates.corrected("m", said(allowance), NOW)

    assert wait(rates) == seconds
    assert rates.free_at("m", NOW) == NOW + seconds
    assert reserve(rates, "other") is NOTHING
    assert reserve(rates, now=NOW + seconds) is NOTHING


def test_tokens_that_are_gone_are_waited_for_until_an_answer_s_worth_is_back():
    rates = rates_of()

    rates.corrected("m", said(tokens=Allowance(0.0, 2560.0, 60.0)), NOW)

    assert wait(rates) == 6.0


def test_the_next_moment_at_which_anything_fits_is_known():
    rates = rates_of(requests=1)

    assert rates.free_at("m", NOW) == NOW
    reserve(rates)
    assert rates.free_at("m", NOW) == NOW + 61
    assert math.isfinite(rates.free_at("m", NOW))


def test_a_limit_of_tokens_counts_as_reached_when_no_usual_answer_fits():
    rates = rates_of(tokens=1000)
    reserve(rates, prompt=800, answer=0)

    assert rates.free_at("m", NOW) == NOW + 61
