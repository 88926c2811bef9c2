"""How many entries of knowledge a request is given, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

from ....messages.knowledge import Knowledge
from ....messages.settings import RagSettings

Strategy: TypeAlias = Literal["full", "compact", "none"]

_WORD: Final = re.compile(r"[\w']+")


def strategy_for(wanted: str | None, query: str, utilization: float, settings: RagSettings) -> Strategy:
    """Return how much is looked up.

    Args:
        wanted: What the caller wants, or None.
        query: The user's last words.
        utilization: Share of the room for a prompt that is filled.
        settings: Where the bounds are.
    """
    match wanted:
        case "full" | "compact" | "none":
            return wanted
    if is_trivial(query, settings) or utilization >= settings.utilization_skip_threshold:
        return "none"
    return "compact" if utilization >= settings.utilization_compact_threshold else "full"


def is_trivial(query: str, settings: RagSettings) -> bool:
    """Whether words are none that one could look up: a greeting, a single short word, nothing."""
    words = _WORD.findall(query.lower())
    is_short = len(words) <= 1 and len(query.strip()) <= settings.trivial_max_chars
    return is_short or " ".join(words) in settings.trivial_patterns


def limit_for(strategy: Strategy, most: int | None, settings: RagSettings) -> int:
    """Return how many entries are given at most.

    Args:
        strategy: How much is looked up.
        most: A bound that somebody else has set, or None.
        settings: Where the bounds are.
    """
    limit = {"none": 0, "compact": settings.compact_limit, "full": settings.full_limit}[strategy]
    return limit if most is None else min(limit, max(0, most))


def fitting(found: Iterable[Knowledge], limit: int, min_confidence: float) -> tuple[Knowledge, ...]:
    """Return the entries that are told: each text once, none that fits too badly, and no more than that."""
    chosen: dict[str, Knowledge] = {}
    for entry in found:
        if entry.confidence >= min_confidence and entry.content.strip():
            chosen.setdefault(entry.content, entry)
    return tuple(chosen.values())[:limit]


def told(entries: Sequence[Knowledge]) -> str:
    """Return entries as a model is told them."""
    return "\n".join(f"[{entry.content_type}] {entry.content}" for entry in entries)
