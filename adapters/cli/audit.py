"""`legion-llm audit`: the record of requests, read from the file of the store."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .options import config_option, store_option, store_place


@click.command(
    epilog="""\b
Examples:
  legion-llm audit --since 1h
  legion-llm audit --outcome refused --since 7d
  legion-llm audit --request req_0123456789abcdef01234567
  legion-llm audit --caller ada | jq .routing
"""
)
@click.option("--since", metavar="WHEN", help='From when on: "7d", "90m", "2026-01-31". Default: all that is kept.')
@click.option("--until", metavar="WHEN", help="Up to when, that moment excluded; likewise.")
@click.option("--request", "request_id", metavar="ID", help="Of one request.")
@click.option("--conversation", "conversation_id", metavar="ID", help="Of one conversation.")
@click.option("--caller", metavar="NAME", help="Of one caller.")
@click.option("--outcome", metavar="OUTCOME", help="success, refused, cancelled, target_sick, ...")
@store_option
@config_option
def audit(since: str | None, until: str | None, store: str | None, config: Path | None, **which: str | None) -> None:
    """Print who asked for what and how it ended: one JSON object a line, oldest first.

    A gateway may be running meanwhile. What was said is in it only where the setting audit.prompts was true.
    """
    from .record import print_events  # noqa: PLC0415 - `--help` need not wait for it

    print_events(store_place(store, config, os.environ), since, until, which)
