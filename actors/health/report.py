"""A change of health in words for people."""

from __future__ import annotations

from collections.abc import Iterable

from ...messages.routing import CircuitState, HealthChanged


def described_change(news: HealthChanged, everybody: Iterable[HealthChanged], now: float) -> str:
    """Return a sentence for the log. Where nobody is left to take over, it says so: the last one is never put aside silently.

    Args:
        news: What is new.
        everybody: The last word on every instance, `news` among them.
        now: Monotonic moment.
    """
    match news.state:
        case CircuitState.CLOSED:
            return f"{news.instance}: it is well again"
        case CircuitState.HALF_OPEN:
            return f"{news.instance}: its circuit is half open, one request probes it"
        case CircuitState.OPEN:
            wait = 0.0 if news.retry_at is None else max(0.0, news.retry_at - now)
            return f"{news.instance}: {news.why_open}, put aside for {wait:.0f} s{_left(news, everybody)}"


def _left(news: HealthChanged, everybody: Iterable[HealthChanged]) -> str:
    """Say whose last one this was: everybody's, or its provider's ("openai" of "openai/eu")."""
    others = [each for each in everybody if each.instance != news.instance]
    usable = [each for each in others if each.state is not CircuitState.OPEN]
    provider = _provider(news)
    if not usable:
        return "; no instance is left"
    if any(_provider(each) == provider for each in others) and not any(_provider(each) == provider for each in usable):
        return f"; it was the last of {provider}"
    return ""


def _provider(news: HealthChanged) -> str:
    return news.instance.partition("/")[0]
