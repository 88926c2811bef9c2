"""What becomes of a request that failed."""

from __future__ import annotations

from typing import Final

from ...messages.error_table import error_row
from ...messages.errors import LegionError
from ...messages.settings.batch import BatchSettings

# Statuses of failures that may be over later: too long, too many, and whatever is wrong with a server. All others say that the request is at fault.
_PASSING: Final = frozenset({402, 408, 409, 429})
_SERVERS: Final = 500

_LONGEST: Final = 3600.0


def may_pass(error: LegionError) -> bool:
    """Whether the same request may be answered later."""
    status = error_row(error).status
    return status >= _SERVERS or status in _PASSING


def next_try(error: LegionError, attempts: int, settings: BatchSettings) -> float | None:
    """Return the seconds until a request is begun again, or None where it has failed for good.

    Args:
        error: What it failed with.
        attempts: How often it was begun.
        settings: How often it may be, and how soon.
    """
    if attempts >= settings.max_attempts or not may_pass(error):
        return None
    # retry_seconds * 2^(attempts - 1)
    usual = settings.retry_seconds * 2.0 ** (attempts - 1)
    return float(min(max(usual, error.retry_after or 0.0), _LONGEST))
