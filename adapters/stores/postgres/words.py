"""What PostgreSQL says in its own way."""

from __future__ import annotations

import functools
from typing import Final

from ..sql.words import Words

_AT: Final = "to_timestamp(recorded_at) AT TIME ZONE 'UTC'"

WORDS: Final = Words(
    is_shared=True,
    random_hex="left(replace(gen_random_uuid()::text, '-', ''), 24)",
    skipping_locked="FOR UPDATE SKIP LOCKED",
    hour=f"to_char({_AT}, 'YYYY-MM-DD\"T\"HH24')",
    day=f"to_char({_AT}, 'YYYY-MM-DD')",
    month=f"to_char({_AT}, 'YYYY-MM')",
)


@functools.lru_cache(maxsize=512)
def translated(sql: str) -> str:
    """Return a statement with the marks for parameters that psycopg knows."""
    return sql.replace("%", "%%").replace("?", "%s")


def storable(value: object) -> object:
    """Return a value as PostgreSQL can keep it: its texts know no NUL, which is shown by its picture instead."""
    return value.replace("\0", "\u2400") if isinstance(value, str) and "\0" in value else value
