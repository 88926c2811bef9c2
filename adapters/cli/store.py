"""`legion-llm store`: the file in which ledger, audit and conversations are kept."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .options import config_option, store_file, store_option


@click.group()
def store() -> None:
    """Look after the file in which things are kept."""


@store.command(
    epilog="""\b
Examples:
  legion-llm store check
  legion-llm store check --store /var/lib/legion/llm.db
"""
)
@store_option
@config_option
def check(store: Path | None, config: Path | None) -> None:
    """Read all of the file and say whether it is sound; a gateway may be using it meanwhile.

    Ends with "ok", or with what is wrong and exit code 1. Changes nothing.
    """
    from ..stores.sqlite.care import examine  # noqa: PLC0415 - `--help` need not wait for it

    condition = examine(store_file(store, config, os.environ))
    click.echo(f"file    {condition.path} ({condition.size_bytes / 1e6:.1f} MB)")
    older = (
        ""
        if condition.version == condition.newest
        else f"; this program writes {condition.newest}: run `legion-llm store migrate`"
    )
    click.echo(f"schema  {condition.version}{older}")
    for table, rows in condition.rows.items():
        click.echo(f"rows    {rows:>10,} {table}")
    click.echo("ok")


@store.command(
    epilog="""\b
Examples:
  legion-llm store migrate
"""
)
@store_option
@config_option
def migrate(store: Path | None, config: Path | None) -> None:
    """Bring the file forward to the schema of this version, making it where it is missing.

    A gateway does so itself when it starts. The file must not be in use.
    """
    from ..stores.sqlite.care import bring_forward  # noqa: PLC0415 - as above

    path = store_file(store, config, os.environ)
    before, after = bring_forward(path)
    click.echo(f"{path}: schema {after} already" if before == after else f"{path}: schema {before} -> {after}")
