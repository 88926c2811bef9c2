"""Vendors' price lists from the `genai-prices` library, which comes with the package and is loaded when a gateway has started."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from ..messages.prices import Price, PriceBook, PriceSource, Rates, Seller
from ..messages.settings import InstanceSettings, PriceSettings

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice

# Our families by the library's names. The others are recognised by their address.
_VENDORS: Final[Mapping[str, str]] = {
    "openai": "openai",
    "anthropic": "anthropic",
    "azure": "azure",
    "gemini": "google",
    "bedrock": "aws",
}

# Models that are remembered.
_REMEMBERED: Final = 4096

# The rates that a prompt's length may change, by the library's names for them.
_RATES: Final = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}


def price_book(instances: Iterable[InstanceSettings], pricing: Mapping[str, PriceSettings]) -> PriceBook:
    """Return the prices that a gateway goes by; the library is loaded when the first one is wanted, if `load_soon` has not been called."""
    sellers = {each.name: Seller(kind=each.kind, tier=each.tier, base_url=each.base_url) for each in instances}
    stated = {
        name: Rates(input=each.input, output=each.output, cache_read=each.cache_read, cache_write=each.cache_write)
        for name, each in pricing.items()
    }
    return PriceBook(sellers, stated, LibraryPrices())


def load_soon() -> None:
    """Load the library in a thread of its own, so that no request waits for it; once in a process."""
    threading.Thread(target=_snapshot, name="legion-prices", daemon=True).start()


class LibraryPrices:
    """What the library knows, as of now: some vendors change their prices by the hour, or announce a change."""

    def __init__(self) -> None:
        # A client can make up names without end, so what was found, and what was not, is remembered for so many only.
        self._found = lru_cache(_REMEMBERED)(_find)

    def price_of(self, seller: Seller, model: str) -> Price | None:
        """Return the price as of now, or None if it is not listed. Waits for the library, once, if it is still being loaded."""
        found = self._found(seller, model)
        if found is None or isinstance(found, Price):
            return found
        info, source = found
        return _price(info.get_prices(datetime.now(UTC)), source)


def _find(seller: Seller, model: str) -> Price | tuple[ModelInfo, PriceSource] | None:
    """Return the price of a model, or what its price depends on, or None."""
    vendor = _VENDORS.get(seller.kind)
    source: PriceSource = "library"
    info = _of_vendor(model, vendor, None if vendor else seller.base_url)
    if info is None and vendor is None:
        source = "guess"
        info = _of_anyone(model.rpartition("/")[2])
    if info is None:
        return None
    return (info, source) if isinstance(info.prices, list) else _price(info.prices, source)


def _of_vendor(model: str, vendor: str | None, url: str | None) -> ModelInfo | None:
    if vendor is None and url is None:
        return None
    snapshot = _snapshot()
    try:
        provider = snapshot.find_provider(None, vendor, url)
    except LookupError:
        return None
    return provider.find_model(model, all_providers=snapshot.providers)


def _of_anyone(model: str) -> ModelInfo | None:
    """Return the model as its natural vendor sells it."""
    for provider in _snapshot().providers:
        if provider.model_match is not None and provider.model_match.is_match(model.lower()):
            return provider.find_model(model)
    return None


@cache
def _snapshot() -> DataSnapshot:
    # Imported here: a tenth of a second that `import legion_llm` need not pay.
    from genai_prices.data import providers  # noqa: PLC0415
    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415

    # Not the library's own snapshot, which a host may replace.
    return DataSnapshot(providers=providers, from_auto_update=False)


def _price(found: ModelPrice, source: PriceSource) -> Price | None:
    stated = {name: getattr(found, theirs) for name, theirs in _RATES.items()}
    if stated["input"] is None:
        return None
    steps = sorted({tier.start for rate in stated.values() for tier in getattr(rate, "tiers", ())})
    return Price(
        rates=_rates(stated, 0),
        long_prompts=tuple((start, _rates(stated, start + 1)) for start in steps),
        source=source,
    )


def _rates(stated: Mapping[str, Any], input_tokens: int) -> Rates:
    at = {name: _at(rate, input_tokens) for name, rate in stated.items()}
    # A model that generates nothing (an embedding) has no price for it.
    return Rates(
        input=at["input"] or 0.0,
        output=at["output"] or 0.0,
        cache_read=at["cache_read"],
        cache_write=at["cache_write"],
    )


def _at(rate: Any, input_tokens: int) -> float | None:
    if rate is None or isinstance(rate, Decimal):
        return None if rate is None else float(rate)
    reached = [tier.price for tier in rate.tiers if input_tokens > tier.start]
    return float(reached[-1] if reached else rate.base)
