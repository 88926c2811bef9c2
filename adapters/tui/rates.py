"""What happens per second: out of two overviews, since each holds sums since the start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Rates:
    """Per second, between two overviews; 0.0 where there is only one, or where the gateway was started anew in between.

    Attributes:
        handled: Messages by actor.
    """

    requests: float = 0.0
    failed: float = 0.0
    tokens: float = 0.0
    cost_usd: float = 0.0
    handled: Mapping[str, float] = attrs.field(factory=dict)


def rates(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Rates:
    """Return what happened between two overviews, per second."""
    seconds = 0.0 if before is None else after["at"] - before["at"]
    if before is None or seconds <= 0:
        return Rates()
    handled = {actor["path"]: actor["handled"] for actor in before["actors"] if not actor["is_supervisor"]}

    def per_second(was: float, now: float) -> float:
        return max(0.0, now - was) / seconds

    return Rates(
        requests=per_second(before["requests"]["ended"], after["requests"]["ended"]),
        failed=per_second(before["requests"]["failed"], after["requests"]["failed"]),
        tokens=per_second(_tokens(before), _tokens(after)),
        cost_usd=per_second(before["spend"]["cost_usd"], after["spend"]["cost_usd"]),
        handled={
            actor["path"]: per_second(handled.get(actor["path"], 0), actor["handled"])
            for actor in after["actors"]
            if not actor["is_supervisor"]
        },
    )


def _tokens(overview: Mapping[str, Any]) -> float:
    spend = overview["spend"]
    return float(spend["input_tokens"] + spend["output_tokens"])
