"""What tokens cost. A price that nobody knows is None, never zero; what runs on the user's own machines is free."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, Protocol, TypeAlias

import attrs

from .base import Message
from .chat import Usage

# setting: the user said so. library: the vendor's list. guess: another seller of a model of that name. own: the user's own machines.
PriceSource: TypeAlias = Literal["setting", "library", "guess", "own"]

_MILLION: Final = 1e6
# Tiers that are the user's own machines.
_OWN: Final = frozenset({"local", "fleet"})
# What may follow the name of a model without making it another one: a date, a version, "latest", Bedrock's ":0".
_EDITION: Final = re.compile(r"(?:[-@]latest|[-@:]v?\d[\d.:-]*)+")
# Targets whose setting is remembered; a client can make up names without end.
_REMEMBERED: Final = 4096


@attrs.frozen(kw_only=True)
class Rates:
    """USD for a million tokens of each kind (at least 0).

    Attributes:
        input: Prompt tokens that are read anew.
        output: Generated tokens, reasoning included.
        cache_read: Prompt tokens served from the provider's cache; None: as `input`.
        cache_write: Prompt tokens written into it; None: as `input`.
    """

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None

    def cost(self, usage: Usage) -> float:
        """Return what the tokens cost, in USD."""
        cache_read = self.input if self.cache_read is None else self.cache_read
        cache_write = self.input if self.cache_write is None else self.cache_write
        total = usage.uncached_input * self.input + usage.output_tokens * self.output
        return (total + usage.cache_read * cache_read + usage.cache_write * cache_write) / _MILLION


@attrs.frozen(kw_only=True)
class Price:
    """What a model costs.

    Attributes:
        rates: For a prompt of usual length.
        long_prompts: (tokens, rates): a prompt of more tokens than that pays these for all its tokens. In rising order.
        source: Who says so.
    """

    rates: Rates
    long_prompts: tuple[tuple[int, Rates], ...] = ()
    source: PriceSource = "library"

    def cost(self, usage: Usage) -> float:
        """Return what an answer has cost, in USD, not rounded."""
        return self.rates_for(usage.input_tokens).cost(usage)

    def estimate(self, input_tokens: int, output_tokens: int) -> float:
        """Return what an answer of that many tokens costs, in USD, without a cache."""
        return self.cost(Usage(uncached_input=input_tokens, visible_output=output_tokens, source="estimated"))

    def rates_for(self, input_tokens: int) -> Rates:
        """Return the rates for a prompt of that length."""
        rates = self.rates
        for above, longer in self.long_prompts:
            if input_tokens > above:
                rates = longer
        return rates


FREE: Final = Price(rates=Rates(input=0.0, output=0.0), source="own")


@attrs.frozen(kw_only=True)
class Seller:
    """Who sells a model.

    Attributes:
        kind: Family of the provider ("openai", "openai_compat").
        tier: Where its models run.
        base_url: Root of its API, or None for one inside this process.
    """

    kind: str
    tier: str
    base_url: str | None = None


class PriceList(Protocol):
    """Knows what vendors ask (port)."""

    def price_of(self, seller: Seller, model: str) -> Price | None:
        """Return the price as of now, or None if it is not listed. From any thread."""


class PriceBook:
    """Answers what a model costs at an instance: the settings' word, else the vendor's list, else nothing for the user's own machines.

    Immutable from outside and quick (a few microseconds), so that router and ledger may share one, from any thread.

    Args:
        sellers: The instances by name.
        stated: Prices from the settings by model name or "instance/model". The longest name that fits counts: a name fits the model itself and
            its editions ("gpt-4o" fits "gpt-4o-2024-08-06", but not "gpt-4o-mini"); where no list knows the model, any name that is part of it.
        listed: What vendors ask; None: nobody knows.
    """

    def __init__(
        self, sellers: Mapping[str, Seller], stated: Mapping[str, Rates], listed: PriceList | None = None
    ) -> None:
        self._sellers = dict(sellers)
        self._stated = {name.lower(): rates for name, rates in stated.items()}
        self._listed = listed
        self._setting = lru_cache(_REMEMBERED)(self._find_setting)

    def price_of(self, instance: str, model: str) -> Price | None:
        """Return what the model costs there, or None if nobody knows."""
        exact, resembling = self._setting(instance, model) if self._stated else (None, None)
        if exact is not None:
            return exact
        seller = self._sellers.get(instance)
        if seller is not None and seller.tier in _OWN:
            return resembling or FREE
        listed = self._listed.price_of(seller, model) if self._listed and seller else None
        return listed or resembling

    def cost(self, instance: str, model: str, usage: Usage) -> float | None:
        """Return what an answer has cost in USD, not rounded, or None if nobody knows."""
        price = self.price_of(instance, model)
        return None if price is None else price.cost(usage)

    def _find_setting(self, instance: str, model: str) -> tuple[Price | None, Price | None]:
        """Return the setting that names the model, and the one that only resembles it."""
        model = model.lower()
        full = f"{instance.lower()}/{model}"
        fitting = [name for name in self._stated if _fits(name, model) or _fits(name, full)]
        resembling = [name for name in self._stated if name in model]
        return self._longest(fitting), self._longest(resembling)

    def _longest(self, names: list[str]) -> Price | None:
        return Price(rates=self._stated[max(names, key=len)], source="setting") if names else None


def _fits(name: str, model: str) -> bool:
    return model.startswith(name) and (len(name) == len(model) or _EDITION.fullmatch(model, len(name)) is not None)


@attrs.frozen(kw_only=True)
class PricesChanged(Message[None]):
    """What is used costs this from now on."""

    prices: PriceBook
