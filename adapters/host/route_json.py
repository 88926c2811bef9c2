"""An explanation as plain data, for machines."""

from __future__ import annotations

from typing import Any

from ...messages.explanation import Explanation, Ranked, RuleVerdict
from ...messages.reasons import Rejection


def route_json(told: Explanation) -> dict[str, Any]:
    """Return the explanation as JSON-like data; reasons come as a word for programs and as a text for people."""
    return {
        "strategy": told.strategy,
        "intent": dict(told.intent),
        "error": told.error,
        "retry_after": told.retry_after,
        "candidates": [_candidate(each) for each in told.candidates],
        "rejected": [{"target": each.subject, **_reason(each), "rule": each.rule} for each in told.rejected],
        "rules": [_rule(each) for each in told.rules],
        "constraints": [{"constraint": what, "from": whence} for what, whence in told.constraints],
    }


def _candidate(each: Ranked) -> dict[str, Any]:
    return {
        "provider": each.target.instance,
        "model": each.target.model,
        "tier": each.target.tier,
        "rule": each.target.rule,
        "chosen_by": str(each.source),
        "group": each.group,
        "score": each.score,
        "priority": each.priority,
        "health": each.health,
        "cost": each.cost,
        "probe": each.probe,
        "waits": each.waits,
        "estimated_usd": each.usd,
        "price_source": each.price_source,
        "compress_level": each.target.compress_level,
        "context_window": each.target.context_window,
    }


def _rule(each: RuleVerdict) -> dict[str, Any]:
    why = {"reason": None, "text": None} if each.rejection is None else _reason(each.rejection)
    return {"name": each.name, "priority": each.priority, "place": each.place, **why, "note": each.note}


def _reason(rejection: Rejection) -> dict[str, Any]:
    return {"reason": str(rejection.reason), "text": rejection.text}
