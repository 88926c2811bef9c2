"""Usage as text: a table for people, CSV and JSON for machines."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs

from ...messages.ledger import LedgerEntry, UsageReport, UsageRow

_TABLE: Final = ("attempts", "failed", "input", "cached", "output", "reasoning", "cost USD", "s/attempt")
_NOBODY: Final = "-"
_USAGE: Final = tuple(name for name in attrs.fields_dict(UsageRow) if name != "group")


def report_table(report: UsageReport) -> str:
    """Return the report as a table for people, with what is missing in the sums said below it."""
    if not report.rows:
        return "nothing was used in that time\n"
    lines = [(*report.group_by, *_TABLE)]
    lines += [(*(part or _NOBODY for part in row.group), *_cells(row)) for row in report.rows]
    if len(report.rows) > 1:
        lines.append((*("total", *[""] * (len(report.group_by) - 1))[: len(report.group_by)], *_cells(report.total)))
    text = "".join(f"{line}\n" for line in _aligned(lines, len(report.group_by)))
    return text + "".join(f"{note}\n" for note in _notes(report.total))


def _cells(row: UsageRow) -> tuple[str, ...]:
    return (
        f"{row.attempts:,}",
        f"{row.attempts - row.succeeded:,}",
        f"{row.input_tokens:,}",
        f"{row.cache_read_tokens:,}",
        f"{row.output_tokens:,}",
        f"{row.reasoning_tokens:,}",
        f"{row.cost_usd:,.4f}" + ("+?" if row.unpriced else ""),
        f"{row.mean_latency:.2f}",
    )


def _notes(total: UsageRow) -> Iterable[str]:
    if total.unpriced:
        yield f"+? {total.unpriced:,} attempts have no known price, and are not in the cost: the setting `pricing` can name it"
    if total.unmetered:
        yield f"for {total.unmetered:,} answers the provider told no tokens: they are not in the sums"


def _aligned(lines: Sequence[Sequence[str]], left: int) -> Iterable[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def report_csv(report: UsageReport) -> str:
    """Return the report as CSV with a header, one line a group."""
    rows = [[*(part or "" for part in row.group), *[getattr(row, name) for name in _USAGE]] for row in report.rows]
    return _csv([[*report.group_by, *_USAGE], *rows])


def report_json(report: UsageReport) -> str:
    """Return the report as one JSON object."""
    value = {
        "since": report.span.since,
        "until": report.span.until,
        "group_by": report.group_by,
        "rows": [{**dict(zip(report.group_by, row.group, strict=True)), **_sums(row)} for row in report.rows],
        "total": _sums(report.total),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _sums(row: UsageRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _USAGE}


def entry_json(entry: LedgerEntry) -> str:
    """Return a row of the ledger as a line of JSON."""
    return json.dumps(_flat(entry), ensure_ascii=False) + "\n"


def entry_csv_header() -> str:
    """Return the header for `entry_csv_line`."""
    return _csv([list(_ENTRY)])


def entry_csv_line(entry: LedgerEntry) -> str:
    """Return a row of the ledger as a line of CSV."""
    return _csv([["" if value is None else value for value in _flat(entry).values()]])


def _flat(entry: LedgerEntry) -> dict[str, Any]:
    usage = entry.usage
    at = dt.datetime.fromtimestamp(entry.recorded_at, dt.UTC).isoformat(timespec="milliseconds")
    values = attrs.asdict(entry, recurse=False)
    tokens = {
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read,
        "cache_write_tokens": usage.cache_write,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning,
        "usage_source": usage.source,
    }
    values.update(tokens, at=at, outcome=str(entry.outcome))
    return {name: values[name] for name in _ENTRY}


_ENTRY: Final = (
    "at",
    "id",
    "request_id",
    "attempt",
    "request_type",
    "provider",
    "instance",
    "model",
    "tier",
    "caller",
    "caller_type",
    "conversation_id",
    "rule",
    "outcome",
    "error",
    "streamed",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usage_source",
    "cost_usd",
    "cost_source",
    "latency",
)


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue()


def _harmless(cell: object) -> object:
    """Names are chosen by callers; a spreadsheet must not take one for a formula."""
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + cell
    return cell
