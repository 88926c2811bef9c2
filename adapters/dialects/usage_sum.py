"""Token counts as vendors write them, and whether they add up."""

from __future__ import annotations

from typing import Any, Final

import attrs

from ...messages.chat import Usage

# What JavaScript can count; orjson cannot write integers over 64 bits.
MOST: Final = 2**53


def count(source: Any, key: str) -> int:
    """Return a count within bounds; 0 where there is none, or nonsense."""
    value = source.get(key) if isinstance(source, dict) else None
    if type(value) is not int and type(value) is not float:
        return 0
    return int(min(max(value, 0), MOST)) if value else 0


def reconciled(usage: Usage, total: int | None) -> Usage:
    """Return the usage, marked as partial where its buckets do not add up to the total that the provider states; None: it states none."""
    return usage if total is None or total == usage.total_tokens else attrs.evolve(usage, source="partial")
