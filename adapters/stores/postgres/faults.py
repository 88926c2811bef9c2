"""What PostgreSQL's complaints mean: one table, by SQLSTATE or, where a whole class means the same, by its first two characters."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from ....messages.errors import (
    StoreConflict,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

# State or class -> error and what a person reads; the server's own words follow. The longer one counts.
FAULTS: Final[dict[str, tuple[type[StoreError], str]]] = {
    "08": (StoreUnavailable, "the connection is lost"),
    "28": (StoreUnavailable, "access is denied"),
    "3D": (StoreUnavailable, "there is no such database"),
    "53": (StoreUnavailable, "the server has run out of something"),
    "53100": (StoreFull, "the disk is full"),
    "55": (StoreUnavailable, "something it needs is in use"),
    "57": (StoreUnavailable, "the server stops, or took too long"),
    "58": (StoreUnavailable, "the disk fails"),
    "23": (StoreConflict, "what is there already contradicts"),
    # Deadlocks with other hosts, and the like: whoever asks again finds another state of things.
    "40": (StoreConflict, "another host was faster"),
    "25006": (StoreReadOnly, "it cannot be written"),
    # The server ends transactions of clients that have gone to sleep.
    "25P03": (StoreUnavailable, "the connection is lost"),
    "25P04": (StoreUnavailable, "it took too long"),
    # A table, a column or a function is missing, or of another kind: somebody has changed the schema by hand.
    "42": (StoreCorrupt, "it does not hold what it should"),
    "42501": (StoreUnavailable, "access is denied"),
    "3F": (StoreCorrupt, "it does not hold what it should"),
    "54": (StoreError, "the value is too large"),
    "XX001": (StoreCorrupt, "it is damaged"),
    "XX002": (StoreCorrupt, "it is damaged"),
}

# Classes that only a wrong statement of ours, or a value that cannot be kept, can bring about, and those of features that we do not use.
BUGS: Final = frozenset(
    {
        *(
            "01",
            "02",
            "03",
            "09",
            "0A",
            "0B",
            "0F",
            "0L",
            "0P",
            "0Z",
            "10",
            "20",
            "21",
            "22",
            "24",
            "25",
            "26",
            "27",
            "2B",
        ),
        *("2D", "2F", "34", "38", "39", "3B", "44", "72", "F0", "HV", "P0", "XX"),
    }
)

_CLASS: Final = 2


def fault_of(error: psycopg.Error, store: str) -> StoreError | None:
    """Return what an error of PostgreSQL means for the server `store`; None for a bug of ours, or a value that cannot be kept."""
    row = _row(error)
    if row is None:
        return None
    cls, words = row
    fault = cls(f"{store}: {words} ({' '.join(str(error).split())})", store=store)
    fault.__cause__ = error
    return fault


def _row(error: psycopg.Error) -> tuple[type[StoreError], str] | None:
    if isinstance(error, (PoolTimeout, PoolClosed)):
        return StoreUnavailable, "no connection is free"
    state = error.sqlstate
    if state is not None:
        return FAULTS.get(state) or FAULTS.get(state[:_CLASS])
    # What the client library says by itself has no state.
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return StoreUnavailable, "it cannot be reached"
    return None
