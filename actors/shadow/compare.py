"""Two answers side by side, and what many such pairs come to (spec, section 15)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...messages.chat import Response
from ...messages.prices import PriceBook
from ...messages.shadow import Comparison, ShadowReport


def comparison(request_id: str, primary: Response, shadow: Response, prices: PriceBook, now: float) -> Comparison:
    """Return what there is to say of two answers to one request; `now` is in Unix seconds."""
    primary_usd, shadow_usd = _usd(primary, prices), _usd(shadow, prices)
    return Comparison(
        request_id=request_id,
        evaluated_at=now,
        primary=primary.final_resolution or primary.model,
        shadow=shadow.final_resolution or shadow.model,
        length_ratio=round(len(shadow.text) / len(primary.text), 4) if primary.text else None,
        primary_tokens=primary.usage.total_tokens,
        shadow_tokens=shadow.usage.total_tokens,
        primary_usd=primary_usd,
        shadow_usd=shadow_usd,
        cost_savings=_savings(primary_usd, shadow_usd),
    )


def report(comparisons: Iterable[Comparison]) -> ShadowReport:
    """Return what comparisons, oldest first, come to."""
    newest = tuple(comparisons)[::-1]
    answered = [each for each in newest if each.error is None]
    return ShadowReport(
        evaluated=len(answered),
        failed=len(newest) - len(answered),
        models=tuple(sorted({each.shadow for each in answered})),
        mean_length_ratio=_mean([each.length_ratio for each in answered if each.length_ratio is not None]),
        mean_cost_savings=_mean([each.cost_savings for each in answered if each.cost_savings is not None]),
        comparisons=newest,
    )


def _usd(response: Response, prices: PriceBook) -> float | None:
    if response.usage.cost_usd is not None or response.routing is None:
        return response.usage.cost_usd
    return prices.cost(response.routing.provider, response.routing.model, response.usage)


def _savings(primary: float | None, shadow: float | None) -> float | None:
    if primary is None or shadow is None:
        return None
    return round((primary - shadow) / primary, 4) if primary else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
