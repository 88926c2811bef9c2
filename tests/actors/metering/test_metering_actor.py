from __future__ import annotations

import pytest
from legion_llm.actors.metering.actor import AttemptsWanted
from legion_llm.actors.metering.entry import entry_of
from legion_llm.actors.metering.totals import Totals
from legion_llm.messages.chat import Usage
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.totals import AttemptTotalsWanted
from legion_llm.runtime import ASYNCIO
from meters import meter

USAGE = Usage(uncached_input=1, cache_read=2, cache_write=4, visible_output=8, reasoning=16)
NOTHING = Usage(source="partial")


@pytest.fixture
def metering(house):
    """A house whose meter keeps three records."""
    add_meter(house, 3)
    house.start()
    return house


def add_meter(house, keep_attempts):
    house.add("metering", meter(keep_attempts), ASYNCIO)


def kept(metering, request_id=None):
    return metering.ask("metering", AttemptsWanted(request_id=request_id))


def totals(metering):
    kept(metering)  # an inspection overtakes what waits in the mailbox; this does not
    return metering.inspect("metering")["totals"]


def add(sums, attempt):
    sums.add(attempt, entry_of(attempt, None))


def test_totals_add_up_every_kind_of_token(finished):
    sums = Totals()

    add(sums, finished(usage=USAGE))
    add(sums, finished(usage=USAGE))

    assert sums.described() == {
        "attempts": 2,
        "succeeded": 2,
        "unmetered": 0,
        "unpriced": 2,
        "input_tokens": 14,
        "output_tokens": 48,
        "cache_read_tokens": 4,
        "cache_write_tokens": 8,
        "reasoning_tokens": 32,
        "cost_usd": 0.0,
        "outcomes": {"success": 2},
    }


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.SUCCESS}))
def test_a_failed_attempt_counts_with_its_tokens_but_not_as_a_success(finished, outcome):
    sums = Totals()

    add(sums, finished(outcome, usage=USAGE))

    assert (sums.attempts, sums.succeeded, sums.unmetered, sums.input_tokens) == (1, 0, 0, 7)


def test_a_success_without_usage_is_flagged_as_unmetered(finished):
    sums = Totals()

    add(sums, finished(usage=Usage()))
    add(sums, finished(usage=NOTHING))
    add(sums, finished(usage=USAGE))

    assert (sums.succeeded, sums.unmetered) == (3, 2)


def test_a_failure_without_usage_is_not_flagged(finished):
    sums = Totals()

    add(sums, finished(Outcome.CANCELLED, usage=NOTHING))

    assert sums.unmetered == 0


def test_records_are_kept_in_the_order_in_which_they_came(metering, finished):
    records = [finished(request_id=f"req_{number}") for number in range(3)]

    metering.tell("metering", *records)

    assert kept(metering) == tuple(records)


def test_only_so_many_records_are_kept_and_the_oldest_go_first(metering, finished):
    records = [finished(request_id=f"req_{number}") for number in range(10)]

    metering.tell("metering", *records)

    assert kept(metering) == tuple(records[-3:])


def test_totals_go_on_counting_when_records_are_dropped(metering, finished):
    metering.tell("metering", *[finished() for _ in range(10)])

    assert totals(metering)["openai/m"]["attempts"] == 10


def test_the_attempts_of_one_request_can_be_asked_for(metering, finished):
    first, other, second = finished(attempt=1), finished(request_id="req_2"), finished(attempt=2)

    metering.tell("metering", first, other, second)

    assert kept(metering, "req_1") == (first, second)
    assert kept(metering, "req_3") == ()


def test_what_was_never_sent_is_not_recorded(metering, finished):
    metering.tell("metering", finished(Outcome.UNFIT, sent=False))

    assert kept(metering) == ()
    assert totals(metering) == {}


def test_totals_are_kept_apart_by_instance_and_model(metering, finished):
    metering.tell("metering", finished(), finished(model="n"), finished(instance="openai/eu"), finished())

    assert {name: row["attempts"] for name, row in totals(metering).items()} == {
        "openai/m": 2,
        "openai/n": 1,
        "openai/eu/m": 1,
    }


def test_callers_who_make_up_model_names_do_not_fill_the_memory(metering, finished):
    metering.tell(
        "metering", *[finished(model=f"made-up-{number}") for number in range(1500)], finished(model="made-up-7")
    )

    rows = totals(metering)
    assert len(rows) == 501
    assert rows["(other)"]["attempts"] == 1000
    assert rows["openai/made-up-7"]["attempts"] == 2


def test_its_snapshot_shows_the_last_attempts_without_what_was_said(house, finished):
    add_meter(house, 1000)
    house.start()
    house.tell("metering", *[finished(request_id=f"req_{number}") for number in range(25)])
    house.tell(
        "metering", finished(Outcome.TARGET_SICK, usage=NOTHING, error="ProviderDown", attempt=2, latency=0.1234)
    )
    kept(house)

    snapshot = house.inspect("metering")

    assert snapshot["kept"] == 26
    assert len(snapshot["last"]) == 20
    assert snapshot["last"][-1] == {
        "request_id": "req_1",
        "attempt": 2,
        "target": "openai/m",
        "outcome": "target_sick",
        "error": "ProviderDown",
        "latency_ms": 123.4,
        "input_tokens": 0,
        "output_tokens": 0,
    }


def test_its_snapshot_shows_the_totals(metering, finished):
    metering.tell("metering", finished(usage=USAGE), finished(usage=NOTHING))

    assert totals(metering) == {
        "openai/m": {
            "attempts": 2,
            "succeeded": 2,
            "unmetered": 1,
            "unpriced": 1,
            "input_tokens": 7,
            "output_tokens": 24,
            "cache_read_tokens": 2,
            "cache_write_tokens": 4,
            "reasoning_tokens": 16,
            "cost_usd": 0.0,
            "outcomes": {"success": 2},
        }
    }


def test_what_was_counted_is_told_with_how_long_it_took_and_what_it_cost(metering, finished):
    metering.tell("metering", finished(usage=Usage(visible_output=8, cost_usd=0.25), latency=0.3, first_content=0.02))

    [told] = metering.ask("metering", AttemptTotalsWanted())

    assert (told.instance, told.model, told.outcomes, told.cost_usd) == ("openai", "m", {"success": 1}, 0.25)
    assert told.latency.counts[told.latency.bounds.index(0.5)] == 1
    assert told.first_content.counts[told.first_content.bounds.index(0.025)] == 1
    assert (told.latency.count, told.latency.seconds) == (1, 0.3)
