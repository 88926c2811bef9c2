"""Prices from the library itself. Only what does not change from one of its releases to the next is asked of it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from legion_llm.adapters.prices import LibraryPrices, price_book
from legion_llm.messages.prices import Seller
from legion_llm.messages.settings import PriceSettings, ProviderSettings, Settings, expand_instances

HOSTED = {"tier": "frontier", "base_url": "https://api.example/v1"}
OPENROUTER = Seller(kind="openai_compat", tier="openai_compat", base_url="https://openrouter.ai/api/v1")
GATEWAY = Seller(kind="openai_compat", tier="openai_compat", base_url="https://llm.example/v1")


@pytest.fixture(scope="module")
def prices():
    return LibraryPrices()


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("openai", "gpt-4o"),
        ("openai", "gpt-4o-mini-2024-07-18"),
        ("anthropic", "claude-sonnet-4-6"),
        ("azure", "gpt-4o"),
        ("gemini", "gemini-2.5-pro"),
        ("bedrock", "us.anthropic.claude-sonnet-4-6-v1:0"),
    ],
)
def test_the_models_of_the_great_vendors_are_listed(prices, kind, model):
    found = prices.price_of(Seller(kind=kind, **HOSTED), model)

    assert found.source == "library"
    assert found.rates.output > found.rates.input > 0


def test_the_small_sister_is_not_taken_for_the_great_one(prices):
    openai = Seller(kind="openai", **HOSTED)

    small, great = (prices.price_of(openai, name) for name in ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06"))

    assert small.rates.input < great.rates.input / 5


def test_a_gateway_is_recognised_by_its_address(prices):
    assert prices.price_of(OPENROUTER, "meta-llama/llama-3.3-70b-instruct").source == "library"


def test_what_an_unknown_gateway_asks_is_guessed_from_what_the_model_s_own_vendor_does(prices):
    found = prices.price_of(GATEWAY, "anthropic/claude-sonnet-4-6")

    assert found.source == "guess"
    assert found.rates == prices.price_of(Seller(kind="anthropic", **HOSTED), "claude-sonnet-4-6").rates


def test_a_great_vendor_s_model_that_is_not_listed_has_no_price(prices):
    assert prices.price_of(Seller(kind="openai", **HOSTED), "claude-sonnet-4-6") is None


def test_a_model_that_nobody_lists_has_no_price(prices):
    assert prices.price_of(GATEWAY, "zzzz-9000") is None


def test_prices_that_depend_on_the_length_of_the_prompt_do_so_here_too(prices):
    price = prices.price_of(Seller(kind="gemini", **HOSTED), "gemini-2.5-pro")

    assert price.rates_for(1000).input < price.rates_for(300_000).input


def test_the_same_model_has_the_same_price_again(prices):
    openai = Seller(kind="openai", **HOSTED)

    assert prices.price_of(openai, "gpt-4o") is prices.price_of(openai, "gpt-4o")


def test_a_price_that_changes_by_the_hour_is_looked_up_anew(prices):
    deepseek = Seller(kind="openai_compat", tier="openai_compat", base_url="https://api.deepseek.com/v1")

    assert prices.price_of(deepseek, "deepseek-chat").rates.input > 0


def test_a_gateway_s_book_knows_its_instances_and_its_settings():
    settings = Settings(providers={"openai": ProviderSettings(), "ollama": ProviderSettings()})

    prices = price_book(expand_instances(settings), {"o99": PriceSettings(input=7.0, output=9.0, cache_read=1.0)})

    assert prices.price_of("openai", "gpt-4o").source == "library"
    assert prices.price_of("openai", "o99").rates.cache_read == 1.0
    assert prices.price_of("ollama", "qwen3:8b").source == "own"


def test_the_library_is_not_loaded_before_a_book_is_made():
    code = "import sys, legion_llm, legion_llm.adapters.prices; print('genai_prices' in sys.modules)"

    result = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "False"
