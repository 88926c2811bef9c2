from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from legion_llm.messages.chat import Usage
from legion_llm.messages.prices import FREE, Price, PriceBook, Rates, Seller

LISTED = Price(rates=Rates(input=1.0, output=3.0))
SELLERS = {
    "openai": Seller(kind="openai", tier="frontier", base_url="https://api.openai.com/v1"),
    "openai/eu": Seller(kind="openai", tier="frontier", base_url="https://eu.example/v1"),
    "ollama": Seller(kind="ollama", tier="local", base_url="http://localhost:11434"),
    "vllm": Seller(kind="vllm", tier="fleet", base_url="http://gpu:8000/v1"),
}


class List:
    """Lists "gpt-4o" and its small sister, wherever they are sold."""

    def __init__(self):
        self.asked = []

    def price_of(self, seller, model):
        self.asked.append((seller, model))
        return LISTED if model.startswith("gpt-4o") else None


def book(listed=None, **stated):
    rates = {name.replace("__", "-"): Rates(input=price, output=price) for name, price in stated.items()}
    return PriceBook(SELLERS, rates, listed or List())


def input_price(found):
    return None if found is None else found.rates.input


# -- what an answer costs


def test_every_kind_of_token_has_its_own_rate():
    rates = Rates(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)

    cost = rates.cost(
        Usage(
            uncached_input=1_000_000,
            cache_read=2_000_000,
            cache_write=400_000,
            visible_output=100_000,
            reasoning=50_000,
        )
    )

    assert cost == pytest.approx(3.0 + 0.6 + 1.5 + 2.25)


def test_a_cache_without_a_rate_of_its_own_costs_as_any_prompt():
    assert Rates(input=2.0, output=8.0).cost(Usage(cache_read=500_000, cache_write=500_000)) == 2.0


def test_a_long_prompt_pays_the_rates_of_its_length_for_all_its_tokens():
    price = Price(rates=Rates(input=1.0, output=1.0), long_prompts=((200_000, Rates(input=2.0, output=2.0)),))

    assert price.cost(Usage(uncached_input=200_000)) == pytest.approx(0.2)
    assert price.cost(Usage(uncached_input=100_000, cache_read=100_001)) == pytest.approx(0.400002)


def test_an_estimate_is_the_cost_of_such_an_answer_without_a_cache():
    assert LISTED.estimate(1000, 500) == LISTED.cost(Usage(uncached_input=1000, visible_output=500)) == 0.0025


@given(
    st.builds(Usage, **{name: st.integers(0, 10**7) for name in ("uncached_input", "cache_read", "visible_output")}),
    st.builds(Rates, input=st.floats(0, 100), output=st.floats(0, 500), cache_read=st.none() | st.floats(0, 100)),
)
def test_a_cost_is_never_negative_and_more_tokens_never_cost_less(usage, rates):
    more = Usage(
        uncached_input=usage.uncached_input + 1, cache_read=usage.cache_read, visible_output=usage.visible_output
    )

    assert 0.0 <= rates.cost(usage) <= rates.cost(more)


# -- who says what a model costs


def test_a_setting_is_believed_before_the_list():
    found = book(gpt__4o=2.0).price_of("openai", "gpt-4o")

    assert (input_price(found), found.source) == (2.0, "setting")


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gpt-4o", 2.0),
        ("GPT-4o", 2.0),
        ("gpt-4o-2024-08-06", 2.0),
        ("gpt-4o@20240806", 2.0),
        ("gpt-4o-latest", 2.0),
        ("gpt-4o-v2:0", 2.0),
        ("gpt-4o-mini", 0.5),
        ("gpt-4o-mini-2024-07-18", 0.5),
        ("gpt-4o-nano", 1.0),  # another model: the list knows it
        ("gpt-4o-audio-preview", 1.0),
        ("gpt-4", None),
    ],
)
def test_a_setting_fits_a_model_and_its_editions_and_the_longest_counts(model, price):
    assert input_price(book(gpt__4o=2.0, gpt__4o__mini=0.5).price_of("openai", model)) == price


def test_where_no_list_knows_a_model_a_setting_that_is_part_of_its_name_counts():
    prices = book(sonnet=3.0, claude__sonnet=4.0)

    assert input_price(prices.price_of("openai", "my-claude-sonnet-tuned")) == 4.0
    assert input_price(prices.price_of("openai", "gpt-4o")) == 1.0


def test_a_setting_may_be_for_one_instance_alone():
    prices = PriceBook(SELLERS, {"openai/eu/gpt-4o": Rates(input=9.0, output=9.0)}, List())

    assert input_price(prices.price_of("openai/eu", "gpt-4o")) == 9.0
    assert input_price(prices.price_of("openai", "gpt-4o")) == 1.0


@pytest.mark.parametrize("instance", ["ollama", "vllm"])
def test_the_user_s_own_machines_are_free(instance):
    listed = List()

    assert book(listed).price_of(instance, "gpt-4o") is FREE
    assert listed.asked == []


def test_unless_a_setting_says_what_they_cost():
    assert input_price(book(qwen3=0.1).price_of("ollama", "qwen3:8b")) == 0.1


@pytest.mark.parametrize(("instance", "model"), [("openai", "o99"), ("nobody", "gpt-4o")])
def test_a_price_that_nobody_knows_is_none_and_not_zero(instance, model):
    assert book().price_of(instance, model) is None
    assert book().cost(instance, model, Usage(uncached_input=1)) is None


def test_without_a_list_only_settings_and_own_machines_have_a_price():
    prices = PriceBook(SELLERS, {})

    assert prices.price_of("openai", "gpt-4o") is None
    assert prices.cost("ollama", "m", Usage(uncached_input=10**6)) == 0.0


def test_the_cost_of_an_answer_is_its_price_times_its_tokens():
    assert book().cost("openai", "gpt-4o", Usage(uncached_input=1000, visible_output=1000)) == 0.004
