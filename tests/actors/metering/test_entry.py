from __future__ import annotations

import attrs
import pytest
from legion_llm.actors.metering.entry import entry_of, kept
from legion_llm.messages.caller import Caller
from legion_llm.messages.chat import Usage
from legion_llm.messages.outcome import Outcome


class Prices:
    """A dollar a token at "openai", unknown elsewhere."""

    def cost(self, instance, model, usage):
        return float(usage.total_tokens) if instance.startswith("openai") else None


PRICES = Prices()


def cost_of(attempt, prices=PRICES):
    entry = entry_of(attempt, prices)
    return entry.cost_usd, entry.cost_source


def test_a_row_says_who_asked_for_what_and_how_it_went(finished):
    attempt = finished(
        Outcome.THROTTLED,
        instance="openai/eu",
        caller=Caller(identity="ada", type="human"),
        conversation_id="conv_1",
        rule="at night",
        error="RateLimitError",
        streamed=True,
        attempt=2,
    )

    entry = entry_of(attempt, None)

    assert (entry.id, entry.request_id, entry.attempt) == (attempt.id, "req_1", 2)
    assert (entry.provider, entry.instance, entry.model, entry.tier) == ("openai", "openai/eu", "m", "frontier")
    assert (entry.caller, entry.caller_type, entry.conversation_id) == ("ada", "human", "conv_1")
    assert (entry.rule, entry.outcome, entry.error) == ("at night", Outcome.THROTTLED, "RateLimitError")
    assert (entry.latency, entry.recorded_at, entry.streamed) == (0.01, 1_700_000_000.0, True)


def test_every_attempt_has_an_id_of_its_own(finished):
    assert entry_of(finished(), None).id != entry_of(finished(), None).id


def test_what_the_provider_says_of_the_cost_counts_before_any_list(finished):
    assert cost_of(finished(usage=Usage(uncached_input=3, cost_usd=0.125))) == (0.125, "reported")


def test_the_list_counts_where_the_provider_says_nothing(finished):
    assert cost_of(finished(usage=Usage(uncached_input=3, visible_output=2))) == (5.0, "priced")


def test_a_price_that_nobody_knows_is_unknown_and_not_zero(finished):
    assert cost_of(finished(instance="elsewhere")) == (None, "unknown")
    assert cost_of(finished(), None) == (None, "unknown")


def test_an_attempt_of_no_tokens_costs_nothing_unless_the_provider_only_did_not_tell(finished):
    assert cost_of(finished(usage=Usage())) == (0.0, "priced")
    assert cost_of(finished(usage=Usage(source="partial"))) == (None, "unknown")


@pytest.mark.parametrize(
    ("text", "as_kept"),
    [("plain", "plain"), ("模型", "模型"), ("nul\0l", "nul\ufffdl"), ("lone \ud800", "lone ?"), ("a" * 999, "a" * 256)],
)
def test_names_are_kept_as_every_store_can_keep_them(text, as_kept):
    assert kept(text) == as_kept


def test_a_number_without_end_is_not_believed(finished):
    usage = entry_of(finished(usage=Usage(uncached_input=10**30, visible_output=2)), PRICES).usage

    assert usage == attrs.evolve(Usage(), uncached_input=2**40, visible_output=2)
