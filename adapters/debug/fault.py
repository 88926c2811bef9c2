"""From the arguments of the operation `fault` to what a connection is told."""

from __future__ import annotations

from typing import Any, Final

from ...messages.errors import InvalidRequestError
from ...messages.faults import FAULT_KINDS, FaultKind, FaultSet

_NONE: Final = "none"
_MOST_CALLS: Final = 1_000_000
_MOST_SECONDS: Final = 3600


def fault_set(kind: str, calls: Any, seconds: Any) -> FaultSet:
    """Return what the arguments mean.

    Args:
        kind: error, rate_limit, silence, slow, or none.
        calls: 1 to 1,000,000.
        seconds: 0 to 3600.

    Raises:
        InvalidRequestError: One of them is off; `param` names it.
    """
    found: FaultKind | None = next((each for each in FAULT_KINDS if each == kind), None)
    if found is None and kind != _NONE:
        raise InvalidRequestError(f"kind must be {', '.join(FAULT_KINDS)} or {_NONE}, not {kind!r}", param="kind")
    if isinstance(calls, bool) or not isinstance(calls, int) or not 1 <= calls <= _MOST_CALLS:
        raise InvalidRequestError(f"calls must be 1 to {_MOST_CALLS}", param="calls")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= _MOST_SECONDS:
        raise InvalidRequestError(f"seconds must be 0 to {_MOST_SECONDS}", param="seconds")
    return FaultSet(kind=found, calls=calls, seconds=float(seconds))
