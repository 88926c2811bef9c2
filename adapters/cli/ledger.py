"""Reads the ledger for `legion-llm usage` and prints it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import click

from ...actors.metering.report import report_of
from ...messages.ledger import LedgerEntry, UsageReport
from ..host.usage import usage_wanted
from ..host.usage_text import entry_csv_header, entry_csv_line, entry_json, report_csv, report_json, report_table
from ..stores.places import Place, read_from
from ..stores.sql.access import Access
from ..stores.sql.ledger import SqlLedger

# Rows read at a time, so that a ledger of any length can be printed.
_PAGE: Final = 1000


def print_report(place: Place, since: str | None, until: str | None, group_by: str, form: str) -> None:
    """Print sums.

    Raises:
        InvalidRequestError: An argument is wrong.
        StoreError: The store cannot be read.
    """
    wanted = usage_wanted(since, until, group_by, time.time())

    async def report(database: Access) -> UsageReport:
        ledger = SqlLedger(database)
        return report_of(wanted.span, wanted.group_by, await ledger.usage(wanted.span, wanted.group_by))

    shapes: dict[str, Callable[[UsageReport], str]] = {"table": report_table, "csv": report_csv, "json": report_json}
    click.echo(shapes[form](read_from(place, report)), nl=False)


def print_rows(place: Place, since: str | None, until: str | None, form: str) -> None:
    """Print every attempt.

    Raises:
        InvalidRequestError: An argument is wrong.
        StoreError: The store cannot be read.
    """
    span = usage_wanted(since, until, (), time.time()).span
    line = entry_csv_line if form == "csv" else entry_json

    async def copy(database: Access) -> None:
        ledger = SqlLedger(database)
        after: LedgerEntry | None = None
        while page := await ledger.entries(span, after, _PAGE):
            for entry in page:
                click.echo(line(entry), nl=False)
            after = page[-1]

    if form == "csv":
        click.echo(entry_csv_header(), nl=False)
    read_from(place, copy)
