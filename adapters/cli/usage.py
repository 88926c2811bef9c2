"""`legion-llm usage`: what was used and what it cost, read from the file of the ledger."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .options import config_option, store_option, store_place


@click.command(
    epilog="""\b
Examples:
  legion-llm usage                               all that is kept, by model
  legion-llm usage --since 7d --by day
  legion-llm usage --by caller,model --format csv > usage.csv
  legion-llm usage --rows --format json          every attempt, one JSON object a line

\b
Groups: provider, instance, model, tier, caller, conversation, request, rule, outcome, request_type, hour, day, month (UTC).
"""
)
@click.option("--since", metavar="WHEN", help='From when on: "7d", "90m", "2026-01-31". Default: all that is kept.')
@click.option("--until", metavar="WHEN", help="Up to when, that moment excluded; likewise.")
@click.option(
    "--by", "group_by", default="model", metavar="GROUPS", help="What to add up by, with commas. Default: model."
)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", help="Default: table.")
@click.option("--rows", is_flag=True, help="Every attempt by itself instead of sums, as CSV or JSON lines.")
@store_option
@config_option
def usage(
    since: str | None,
    until: str | None,
    group_by: str,
    form: str,
    rows: bool,
    store: str | None,
    config: Path | None,
) -> None:
    """Print what was used and what it cost. A gateway may be running meanwhile."""
    from .ledger import print_report, print_rows  # noqa: PLC0415 - `--help` need not wait for it

    if rows and form == "table":
        raise click.UsageError("--rows are for machines: add --format csv or --format json")
    place = store_place(store, config, os.environ)
    if rows:
        print_rows(place, since, until, form)
    else:
        print_report(place, since, until, group_by, form)
