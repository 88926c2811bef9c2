"""What `legion.usage()` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from ...messages.errors import InvalidRequestError
from ...messages.ledger import GROUPS, GroupBy, Span, UsageWanted
from ...messages.nearest import nearest
from .moments import Moment, unix_seconds


def usage_wanted(since: Moment | None, until: Moment | None, group_by: str | Iterable[str], now: float) -> UsageWanted:
    """Return the question that the arguments ask.

    Raises:
        InvalidRequestError: They make none; `param` names the one at fault.
    """
    return UsageWanted(span=span_of(since, until, now), group_by=groups_of(group_by))


def span_of(since: Moment | None, until: Moment | None, now: float) -> Span:
    """Return the span between two moments.

    Raises:
        InvalidRequestError: They make none; `param` names the one at fault.
    """
    span = Span(
        since=unix_seconds(since, now, param="since"),
        until=unix_seconds(until, now, param="until"),
    )
    if span.since is not None and span.until is not None and span.until <= span.since:
        raise InvalidRequestError("until must come after since", param="until")
    return span


def groups_of(names: str | Iterable[str]) -> tuple[GroupBy, ...]:
    """Return the groups that are named, each once; a text may name several, with commas.

    Raises:
        InvalidRequestError: There is no such group.
    """
    parts = names.split(",") if isinstance(names, str) else list(names)
    found: list[GroupBy] = []
    for part in parts:
        name = str(part).strip()
        for known in get_args(GroupBy):
            if known == name and known not in found:
                found.append(known)
        if name and name not in GROUPS:
            raise InvalidRequestError(f"cannot group by {name!r}; {nearest(name, GROUPS)}", param="group_by")
    return tuple(found)
