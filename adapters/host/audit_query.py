"""What `legion.audit()` asks for."""

from __future__ import annotations

from typing import Any, Final

from ...messages.audit import AuditQuery
from ...messages.errors import InvalidRequestError
from ...messages.nearest import nearest
from ...messages.outcome import Outcome
from .moments import Moment
from .usage import span_of

_MOST: Final = 1000
_NAMES: Final = ("request_id", "conversation_id", "caller", "outcome", "after", "limit")


def audit_query(since: Moment | None, until: Moment | None, now: float, **which: Any) -> AuditQuery:
    """Return the question that the arguments ask; those of `which` are the fields of `AuditQuery`.

    Raises:
        InvalidRequestError: They make none; `param` names the one at fault.
    """
    for name in which:
        if name not in _NAMES:
            raise InvalidRequestError(f"unknown argument {name!r}; {nearest(name, _NAMES)}", param=name)
    return AuditQuery(
        span=span_of(since, until, now),
        request_id=which.get("request_id"),
        conversation_id=which.get("conversation_id"),
        caller=which.get("caller"),
        outcome=_outcome(which.get("outcome")),
        after=which.get("after"),
        limit=_limit(which.get("limit", _MOST)),
    )


def _outcome(name: object) -> Outcome | None:
    known = {str(each): each for each in Outcome}
    if name is not None and str(name) not in known:
        raise InvalidRequestError(f"{str(name)!r} is no outcome; {nearest(str(name), known)}", param="outcome")
    return None if name is None else known[str(name)]


def _limit(limit: object) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= _MOST:
        raise InvalidRequestError(f"limit must be between 1 and {_MOST}, got {limit!r}", param="limit")
    return limit
