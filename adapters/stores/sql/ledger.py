"""The ledger in a SQL database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ....messages.chat import Usage
from ....messages.ledger import GroupBy, LedgerEntry, Span, UsageRow
from ....messages.outcome import Outcome
from .access import Access, Lane
from .words import Words

_TOKENS: Final = (
    "uncached_input",
    "cache_read",
    "cache_write",
    "audio_input",
    "image_input",
    "visible_output",
    "reasoning",
    "audio_output",
    "image_output",
)
_PLAIN: Final = (
    "id",
    "request_id",
    "attempt",
    "recorded_at",
    "request_type",
    "provider",
    "instance",
    "model",
    "tier",
    "caller",
    "caller_type",
    "conversation_id",
    "rule",
    "error",
    "streamed",
    "cost_usd",
    "cost_source",
    "latency",
)
_COLUMNS: Final = (*_PLAIN, "outcome", *_TOKENS, "usage_source")

# A row that is written again, because nobody knew whether it had been kept, is kept once.
_VALUES: Final = ", ".join("?" * len(_COLUMNS))
_INSERT: Final = f"INSERT INTO ledger ({', '.join(_COLUMNS)}) VALUES ({_VALUES}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - names of our own

_INPUT: Final = "uncached_input + cache_read + cache_write + audio_input + image_input"
_OUTPUT: Final = "visible_output + reasoning + audio_output + image_output"
_SUCCEEDED: Final = "outcome = 'success'"
# What all databases understand, and answer with the same types: some add integers up to decimals, and some take no condition for a number.
_SUMS: Final = f"""
    count(*),
    count(*) FILTER (WHERE {_SUCCEEDED}),
    count(*) FILTER (WHERE {_SUCCEEDED} AND {_INPUT} + {_OUTPUT} = 0),
    count(*) FILTER (WHERE cost_usd IS NULL AND {_INPUT} + {_OUTPUT} > 0),
    CAST(sum({_INPUT}) AS BIGINT), CAST(sum(cache_read) AS BIGINT), CAST(sum(cache_write) AS BIGINT),
    CAST(sum({_OUTPUT}) AS BIGINT), CAST(sum(reasoning) AS BIGINT),
    coalesce(sum(cost_usd), 0.0), coalesce(sum(latency), 0.0)
"""


class SqlLedger:
    """Keeps every row.

    Args:
        database: Where they are kept.
    """

    def __init__(self, database: Access) -> None:
        self._database = database

    async def append(self, entries: Sequence[LedgerEntry]) -> None:
        """Keep the rows in one commit."""
        if entries:
            await self._database.write((_INSERT, [_values(entry) for entry in entries]))

    async def usage(self, span: Span, group_by: Sequence[GroupBy]) -> tuple[UsageRow, ...]:
        """Return the sums of every group."""
        named = _groups(self._database.words)
        groups = [named.get(name, name) for name in group_by]
        where, values = _within(span)
        grouping = f"GROUP BY {', '.join(groups)}" if groups else "HAVING count(*) > 0"
        sql = f"SELECT {', '.join([*groups, _SUMS])} FROM ledger {where} {grouping}"  # noqa: S608 - names of our own
        width = len(groups)
        found = await self._database.read(sql, values, lane=Lane.REPORTS)
        return tuple(_usage_row(row[:width], row[width:]) for row in found)

    async def entries(self, span: Span, after: LedgerEntry | None, limit: int) -> tuple[LedgerEntry, ...]:
        """Return rows in order of time and id."""
        where, values = _within(span)
        if after is not None:
            where += f" {'AND' if where else 'WHERE'} (recorded_at, id) > (?, ?)"
            values = [*values, after.recorded_at, after.id]
        sql = f"SELECT {', '.join(_COLUMNS)} FROM ledger {where} ORDER BY recorded_at, id LIMIT ?"  # noqa: S608 - likewise
        found = await self._database.read(sql, [*values, limit], lane=Lane.REPORTS)
        return tuple(map(_entry, found))


def _groups(words: Words) -> dict[GroupBy, str]:
    """Return the groups that are no columns of the same name."""
    return {
        "conversation": "conversation_id",
        "request": "request_id",
        "hour": words.hour,
        "day": words.day,
        "month": words.month,
    }


def _within(span: Span) -> tuple[str, list[Any]]:
    bounds = [("recorded_at >= ?", span.since), ("recorded_at < ?", span.until)]
    given = [(sql, value) for sql, value in bounds if value is not None]
    where = f"WHERE {' AND '.join(sql for sql, _ in given)}" if given else ""
    return where, [value for _, value in given]


def _values(entry: LedgerEntry) -> tuple[Any, ...]:
    usage = entry.usage
    return (
        *[getattr(entry, name) for name in _PLAIN],
        str(entry.outcome),
        *[getattr(usage, name) for name in _TOKENS],
        usage.source,
    )


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    values = dict(zip(_COLUMNS, row, strict=True))
    plain = {name: values[name] for name in _PLAIN}
    # What the provider said of the cost is a column of the row already.
    reported = values["cost_usd"] if values["cost_source"] == "reported" else None
    usage = Usage(source=values["usage_source"], cost_usd=reported, **{name: values[name] for name in _TOKENS})
    return LedgerEntry(
        **{**plain, "streamed": bool(plain["streamed"])}, outcome=Outcome(values["outcome"]), usage=usage
    )


def _usage_row(group: tuple[Any, ...], sums: tuple[Any, ...]) -> UsageRow:
    return UsageRow(
        group=group,
        attempts=sums[0],
        succeeded=sums[1],
        unmetered=sums[2],
        unpriced=sums[3],
        input_tokens=sums[4],
        cache_read_tokens=sums[5],
        cache_write_tokens=sums[6],
        output_tokens=sums[7],
        reasoning_tokens=sums[8],
        cost_usd=sums[9],
        latency=sums[10],
    )
