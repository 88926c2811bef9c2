"""`legion-llm store`: the file or the server in which things are kept."""

from __future__ import annotations

import os
from pathlib import Path

import click

from .options import config_option, store_option, store_place


@click.group()
def store() -> None:
    """Look after the file, or the PostgreSQL schema, in which things are kept."""


@store.command(
    epilog="""\b
Examples:
  legion-llm store check
  legion-llm store check --store /var/lib/legion/llm.db
  legion-llm store check --store postgresql://legion@db.example/llm
"""
)
@store_option
@config_option
def check(store: str | None, config: Path | None) -> None:
    """Read all that is kept and say whether it is sound; a gateway may be using it meanwhile.

    Ends with "ok", or with what is wrong and exit code 1. Changes nothing.
    """
    from ..stores.places import examine  # noqa: PLC0415 - `--help` need not wait for it

    condition = examine(store_place(store, config, os.environ))
    click.echo(f"store   {condition.place} ({condition.size_bytes / 1e6:.1f} MB)")
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
def migrate(store: str | None, config: Path | None) -> None:
    """Bring the store forward to the schema of this version, making it where it is missing.

    A gateway does so itself when it starts. A file must not be in use; of a server one host at a time does it.
    """
    from ..stores.places import bring_forward  # noqa: PLC0415 - as above

    name, before, after = bring_forward(store_place(store, config, os.environ))
    click.echo(f"{name}: schema {after} already" if before == after else f"{name}: schema {before} -> {after}")
