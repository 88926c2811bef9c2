"""The few things that every database says in its own way."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Words:
    """Expressions in the words of one database.

    Attributes:
        is_shared: Whether other processes write it, too, so that what was read before may have changed.
        random_hex: 24 random hexadecimal digits, new for every row.
        skipping_locked: Behind a SELECT whose rows are changed at once: leave out those that somebody else is changing.
        hour: The column `recorded_at` (Unix seconds) as "2026-01-31T09", UTC; likewise `day` and `month`.
    """

    is_shared: bool
    random_hex: str
    skipping_locked: str
    hour: str
    day: str
    month: str
