"""From the rows of the ledger to what people read: groups, sums and their order. The same whichever store holds the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from ...messages.ledger import TIMES, GroupBy, LedgerEntry, Span, UsageReport, UsageRow
from ...messages.outcome import Outcome

_SUMS: Final = tuple(field.name for field in attrs.fields(UsageRow) if field.name != "group")


def _hour(entry: LedgerEntry) -> str:
    return dt.datetime.fromtimestamp(entry.recorded_at, dt.UTC).strftime("%Y-%m-%dT%H")


# What an entry has for each name of a group.
GROUP_OF: Final[Mapping[GroupBy, Callable[[LedgerEntry], str | None]]] = {
    "provider": lambda entry: entry.provider,
    "instance": lambda entry: entry.instance,
    "model": lambda entry: entry.model,
    "tier": lambda entry: entry.tier,
    "caller": lambda entry: entry.caller,
    "conversation": lambda entry: entry.conversation_id,
    "request": lambda entry: entry.request_id,
    "rule": lambda entry: entry.rule,
    "outcome": lambda entry: str(entry.outcome),
    "request_type": lambda entry: entry.request_type,
    "hour": _hour,
    "day": lambda entry: _hour(entry)[:10],
    "month": lambda entry: _hour(entry)[:7],
}


def row_of(entry: LedgerEntry, group: tuple[str | None, ...] = ()) -> UsageRow:
    """Return what one attempt adds to the sums."""
    usage = entry.usage
    succeeded = entry.outcome is Outcome.SUCCESS
    return UsageRow(
        group=group,
        attempts=1,
        succeeded=int(succeeded),
        unmetered=int(succeeded and usage.total_tokens == 0),
        unpriced=int(entry.cost_usd is None and usage.total_tokens > 0),
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning,
        cost_usd=entry.cost_usd or 0.0,
        latency=entry.latency,
    )


def grouped(entries: Iterable[LedgerEntry], group_by: Sequence[GroupBy]) -> tuple[UsageRow, ...]:
    """Return the sums of every group."""
    groups: dict[tuple[str | None, ...], list[UsageRow]] = {}
    for entry in entries:
        group = tuple([GROUP_OF[name](entry) for name in group_by])
        groups.setdefault(group, []).append(row_of(entry))
    return tuple(total_of(rows, group) for group, rows in groups.items())


def total_of(rows: Iterable[UsageRow], group: tuple[str | None, ...] = ()) -> UsageRow:
    """Return the sum of some rows."""
    rows = tuple(rows)
    return UsageRow(group=group, **{name: sum([getattr(row, name) for row in rows]) for name in _SUMS})


def report_of(span: Span, group_by: tuple[GroupBy, ...], rows: Iterable[UsageRow]) -> UsageReport:
    """Return the report: by time where a group is a time, and the dearest first otherwise."""
    times = [place for place, name in enumerate(group_by) if name in TIMES]

    def order(row: UsageRow) -> tuple[object, ...]:
        when = tuple(row.group[place] or "" for place in times)
        tokens = row.input_tokens + row.output_tokens
        return (*when, -row.cost_usd, -tokens, -row.attempts, tuple(part or "" for part in row.group))

    rows = tuple(sorted(rows, key=order))
    return UsageReport(span=span, group_by=group_by, rows=rows, total=total_of(rows))
