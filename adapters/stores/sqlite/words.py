"""What SQLite says in its own way."""

from __future__ import annotations

from typing import Final

from ..sql.words import Words

WORDS: Final = Words(
    is_shared=False,
    random_hex="lower(hex(randomblob(12)))",
    skipping_locked="",
    hour="strftime('%Y-%m-%dT%H', recorded_at, 'unixepoch')",
    day="strftime('%Y-%m-%d', recorded_at, 'unixepoch')",
    month="strftime('%Y-%m', recorded_at, 'unixepoch')",
)
