from __future__ import annotations

import pytest
from legion_llm.actors.shadow.compare import comparison, report
from legion_llm.messages.chat import ChatMessage, Response, RoutingInfo, Usage
from legion_llm.messages.prices import PriceBook, Rates, Seller
from legion_llm.messages.shadow import Comparison

PRICES = PriceBook(
    {
        "p": Seller(kind="openai", tier="cloud"),
        "q": Seller(kind="openai", tier="cloud"),
        "own": Seller(kind="ollama", tier="local"),
    },
    {"dear": Rates(input=4.0, output=4.0), "cheap": Rates(input=1.0, output=1.0)},
)


def answer(text, provider, model, tokens=1_000_000):
    return Response(
        message=ChatMessage(role="assistant", content=text),
        routing=RoutingInfo(provider=provider, model=model, tier="cloud"),
        usage=Usage(uncached_input=tokens),
    )


def compared(primary, shadow):
    return comparison("req_1", primary, shadow, PRICES, 1000.0)


def test_lengths_tokens_and_costs_are_compared():
    told = compared(answer("four", "p", "dear"), answer("fourfour", "q", "cheap"))

    assert (told.primary, told.shadow, told.evaluated_at) == ("p/dear", "q/cheap", 1000.0)
    assert (told.length_ratio, told.primary_usd, told.shadow_usd, told.cost_savings) == (2.0, 4.0, 1.0, 0.75)


def test_where_the_callers_answer_was_free_nothing_is_saved():
    assert compared(answer("a", "own", "llama"), answer("a", "q", "cheap")).cost_savings == 0.0


def test_a_price_that_nobody_knows_is_no_saving():
    assert compared(answer("a", "p", "unheard-of"), answer("a", "q", "cheap")).cost_savings is None


def test_an_empty_answer_has_no_ratio():
    assert compared(answer("", "p", "dear"), answer("a", "q", "cheap")).length_ratio is None


def test_a_report_has_the_newest_first_and_means_of_what_was_answered():
    first = compared(answer("aa", "p", "dear"), answer("a", "q", "cheap"))
    failed = Comparison(request_id="req_2", evaluated_at=1.0, primary="p/dear", shadow="q", error="ProviderDown")
    last = compared(answer("aa", "p", "dear"), answer("aaaa", "q", "dear"))

    told = report([first, failed, last])

    assert (told.evaluated, told.failed, told.models) == (2, 1, ("q/cheap", "q/dear"))
    assert (told.mean_length_ratio, told.mean_cost_savings) == (1.25, pytest.approx(0.375))
    assert told.comparisons == (last, failed, first)


def test_of_nothing_there_are_no_means():
    assert report([]).mean_length_ratio is None
