from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.scheduler.intake import check, entered
from legion_llm.actors.scheduler.order import arranged, group_of
from legion_llm.actors.scheduler.peak import Peak
from legion_llm.actors.scheduler.port import QueuedItem
from legion_llm.actors.scheduler.retries import next_try
from legion_llm.messages.batch import BatchItem, Submit
from legion_llm.messages.chat import ChatMessage, Request
from legion_llm.messages.errors import (
    ContentRefusedError,
    InvalidRequestError,
    NoRouteError,
    ProviderDown,
    RateLimitError,
)
from legion_llm.messages.settings import BatchSettings, SchedulingSettings

ALL_DAY = Peak(SchedulingSettings(enabled=True, peak_hours=("0-23",), max_defer_hours=2))


def request(**fields):
    return Request(messages=(ChatMessage(content="hi"),), **fields)


def queued(item_id, urgency="normal", group="a"):
    return QueuedItem(
        batch_id="b", id=item_id, seq=1, claim="c", request=request(), urgency=urgency, group=group, attempts=1
    )


def submit(*ids, **fields):
    return Submit(batch_id="b", items=tuple(BatchItem(id=each, request=request()) for each in ids), **fields)


def test_the_urgent_come_first_and_groups_stay_together():
    items = [queued("1"), queued("2", group="b"), queued("3"), queued("4", "urgent", "b"), queued("5", group="b")]

    assert [item.id for item in arranged(items)] == ["4", "1", "3", "2", "5"]


def test_a_group_is_what_is_asked_for():
    assert group_of(request(provider="openai/eu", model="m")) == "openai/eu/m"
    assert group_of(request()) == "*/*"


@pytest.mark.parametrize(
    ("error", "attempts", "seconds"),
    [
        (ProviderDown("x"), 1, 5.0),
        (ProviderDown("x"), 2, 10.0),
        (ProviderDown("x"), 3, None),
        (NoRouteError("x"), 1, 5.0),
        (InvalidRequestError("x"), 1, None),
        (ContentRefusedError("x"), 1, None),
    ],
)
def test_what_may_pass_is_tried_again_later_and_later(error, attempts, seconds):
    assert next_try(error, attempts, BatchSettings()) == seconds


def test_a_provider_says_for_how_long_at_least():
    error = RateLimitError("x")
    error.retry_after = 77.0

    assert next_try(error, 1, BatchSettings()) == 77.0


def test_what_is_there_is_not_queued_again_and_the_rest_goes_on_counting():
    items = entered(submit("a", "b", "c"), {"b": 4}, 100.0, ALL_DAY, 0.0)

    assert [(item.id, item.seq) for item in items] == [("a", 5), ("c", 6)]


@pytest.mark.parametrize(
    ("fields", "not_before", "gathered_by"),
    [
        ({}, 7300.0, 130.0),
        ({"intent": "chat"}, 100.0, 130.0),
        ({"urgency": "urgent"}, 7300.0, 100.0),
        ({"immediate": True}, 100.0, 100.0),
    ],
)
def test_a_request_waits_for_the_end_of_the_peak_and_for_others_of_its_kind(fields, not_before, gathered_by):
    (item,) = entered(submit("a", **fields), {}, 100.0, ALL_DAY, 30.0)

    assert (item.not_before, item.gathered_by) == (not_before, gathered_by)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (attrs.evolve(submit("a"), batch_id="a b"), "id"),
        (submit("a", ""), "requests.1.id"),
        (submit("a", "b", "a"), "requests.2.id"),
    ],
)
def test_ids_that_are_none_or_twice_are_refused(message, param):
    with pytest.raises(InvalidRequestError) as caught:
        check(message)

    assert caught.value.param == param
