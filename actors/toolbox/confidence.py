"""When a tool of the host's is run in the place of an MCP server's, by what has come of it so far."""

from __future__ import annotations

import enum
from typing import Final

import attrs

from ...messages.overrides import OverrideRecord

# Nothing is known yet: the two are run beside each other.
INITIAL: Final = 0.5
HIT: Final = 0.05
MISS: Final = 0.1
# From here on it is run alone; below the second it is not run at all.
_ALONE: Final = 0.8
_BESIDE: Final = 0.5
# What others have found out counts for less than what was seen here.
_HEARSAY: Final = 0.8
# The policy of decay: what was not tried for so many seconds is not known any more, for good and for bad.
STALE_SECONDS: Final = 30 * 86_400.0


class Course(enum.StrEnum):
    """What is run."""

    SERVER = "server"  # the server's tool alone
    BOTH = "both"  # both; the server's answer counts, the two are compared
    OVERRIDE = "override"  # the host's tool alone


def fresh(tool: str, override: str, now: float) -> OverrideRecord:
    """Return the record of an override that nobody has tried."""
    return OverrideRecord(tool=tool, override=override, confidence=INITIAL, updated_at=now)


def is_known(record: OverrideRecord | None, override: str, now: float) -> bool:
    """Whether a record says anything of this override now."""
    return record is not None and record.override == override and now - record.updated_at < STALE_SECONDS


def course_of(record: OverrideRecord) -> Course:
    """Return what is run."""
    if record.confidence >= _ALONE:
        return Course.OVERRIDE
    return Course.BOTH if record.confidence >= _BESIDE else Course.SERVER


def after(record: OverrideRecord, now: float, *, agreed: bool) -> OverrideRecord:
    """Return the record after one more trial."""
    confidence = record.confidence + HIT if agreed else record.confidence - MISS
    return attrs.evolve(
        record,
        confidence=round(min(1.0, max(0.0, confidence)), 4),
        hits=record.hits + agreed,
        misses=record.misses + (not agreed),
        updated_at=now,
    )


def hearsay(record: OverrideRecord) -> OverrideRecord:
    """Return what others have found out as it counts here."""
    return attrs.evolve(record, confidence=round(record.confidence * _HEARSAY, 4))
