"""All that a person watches, as plain data: what `legion-llm top` and the dashboard show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

from ...messages.chat import ProviderInfo
from ...messages.totals import AttemptTotals, Distribution
from ..debug.plain import plain
from .observation import Observation

_OF_CONNECTIONS: Final = ("in_flight", "waiting", "concurrency", "max_concurrency", "mean_seconds")


def overview(seen: Observation) -> dict[str, Any]:
    """Return it: sums since the start, from two of which rates follow; durations in milliseconds."""
    described = seen.described
    return {
        "at": seen.at,
        "name": described["name"],
        "state": described["state"],
        "failure": described["failure"],
        "dead_letters": described["dead_letters"]["total"],
        "actors": list(_actors(described["tree"])),
        "providers": [_provider(each, seen) for each in seen.providers],
        "running": [plain(each) for each in seen.running],
        "requests": _requests(seen),
        "models": [_model(each) for each in seen.attempts],
        "spend": _spend(seen.attempts),
    }


def _actors(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield the tree line by line: every supervisor and actor with its depth, as it is drawn."""
    waiting = [] if tree is None else [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        children = node.get("children")
        line = {"path": node["name"], "depth": depth, "state": node["state"], "is_supervisor": children is not None}
        if children is not None:
            yield line
            waiting.extend((child, depth + 1) for child in reversed(children))
        else:
            rest = {name: value for name, value in node.items() if name not in ("name", "state", "mailbox")}
            yield {**line, "waiting": node["mailbox"]["depth"], "oldest_ms": node["mailbox"]["age"] * 1000, **rest}


def _provider(info: ProviderInfo, seen: Observation) -> dict[str, Any]:
    said = seen.connections.get(info.name, {})
    latency = joined(each.latency for each in seen.attempts if each.instance == info.name)
    return {
        **{name: value for name, value in plain(info).items() if name != "credential"},
        **{name: said.get(name) for name in _OF_CONNECTIONS},
        **_times(latency),
    }


def _model(totals: AttemptTotals) -> dict[str, Any]:
    return {
        "instance": totals.instance,
        "model": totals.model,
        "attempts": totals.latency.count,
        "succeeded": totals.outcomes.get("success", 0),
        "tokens": dict(totals.tokens),
        "cost_usd": totals.cost_usd,
        "unpriced": totals.unpriced,
        **_times(totals.latency),
        "first_content_p50_ms": quantile(totals.first_content, 0.5),
    }


def _requests(seen: Observation) -> dict[str, Any]:
    ended = sum(each.latency.count for each in seen.requests)
    good = sum(each.latency.count for each in seen.requests if each.outcome == "success")
    return {
        "ended": ended,
        "failed": ended - good,
        "by_outcome": {
            outcome: sum(each.latency.count for each in seen.requests if each.outcome == outcome)
            for outcome in sorted({each.outcome for each in seen.requests})
        },
        **_times(joined(each.latency for each in seen.requests)),
    }


def _spend(attempts: Iterable[AttemptTotals]) -> dict[str, Any]:
    totals = tuple(attempts)
    return {
        "cost_usd": sum(each.cost_usd for each in totals),
        "unpriced": sum(each.unpriced for each in totals),
        "input_tokens": sum(each.tokens.get("input", 0) for each in totals),
        "output_tokens": sum(each.tokens.get("output", 0) for each in totals),
    }


def _times(took: Distribution) -> dict[str, Any]:
    return {"p50_ms": quantile(took, 0.5), "p95_ms": quantile(took, 0.95)}


def joined(parts: Iterable[Distribution]) -> Distribution:
    """Return several as one."""
    whole = Distribution()
    for part in parts:
        if not whole.bounds:
            whole = part
        else:
            counts = tuple(a + b for a, b in zip(whole.counts, part.counts, strict=True))
            whole = attrs.evolve(whole, counts=counts, seconds=whole.seconds + part.seconds)
    return whole


def quantile(took: Distribution, share: float) -> float | None:
    """Return milliseconds that `share` (0 to 1) of all did not exceed, as near as the bounds tell; None of nothing.

    Within the range where it falls, what was counted is taken to be spread evenly, as Prometheus does.
    """
    rank, below, low = share * took.count, 0, 0.0
    for bound, count in zip(took.bounds, took.counts, strict=False):
        if count and below + count >= rank:
            return round((low + (bound - low) * (rank - below) / count) * 1000, 3)
        below, low = below + count, bound
    return round(low * 1000, 3) if took.count else None
