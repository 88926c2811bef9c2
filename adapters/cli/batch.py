"""`legion-llm batch`: a file of requests is answered, and found again in the store."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs
import click

from .options import config_option, store_option, store_place, store_section

if TYPE_CHECKING:
    from ...messages.batch import BatchStatus
    from ..host.batch import BatchHandle
    from ..stores.places import Place
    from ..stores.sql.access import Access

# Results read at a time, so that a batch of any length can be printed.
_PAGE: Final = 500
# Seconds between two looks at how far it is.
_LOOK: Final = 0.2


@click.group()
def batch() -> None:
    """Answer files of requests that need no answer now."""


@batch.command(
    epilog="""\b
Examples:
  legion-llm batch submit requests.jsonl
  legion-llm batch submit requests.jsonl --id nightly --urgency low
  legion-llm batch submit --id nightly                    go on with one that was interrupted

\b
A line of the file is {"custom_id": "a", "body": {"model": "m", "messages": [...]}}, or a body alone.
"""
)
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.jsonl"
)
@click.option(
    "--id",
    "batch_id",
    metavar="ID",
    help="Of the batch; requests that it has already are not taken again. Default: a new one.",
)
@click.option(
    "--urgency", type=click.Choice(["urgent", "normal", "low", "other"]), default="normal", help="Default: normal."
)
@click.option("--now", is_flag=True, help="Begin at once, peak or not.")
@store_option
@config_option
def submit(
    file: Path | None, batch_id: str | None, urgency: str, now: bool, store: str | None, config: Path | None
) -> None:
    """Queue the requests of FILE and answer them, with a progress bar; what is interrupted is in the store, and goes on with the same --id."""
    from ..launch import start  # noqa: PLC0415 - `--help` need not wait for it
    from ..secrets.resolvers import personal  # noqa: PLC0415 - likewise
    from ..settings import load_settings  # noqa: PLC0415 - likewise
    from .batch_lines import requests_of  # noqa: PLC0415 - likewise

    if file is None and batch_id is None:
        raise click.UsageError("name a file, or --id of a batch that is in the store")
    items = None if file is None else tuple(requests_of(file))
    settings = personal(load_settings(config=config, environ=os.environ))
    section = store_section(store, config, os.environ)
    with start(attrs.evolve(settings, store=section)) as legion:
        handle = legion.batch(items, id=batch_id, urgency=urgency, immediate=now)
        click.echo(f"batch {handle.id}", err=True)
        status = _watch(handle, handle.submitted.get())
    click.echo(_line(status))
    click.echo(f"legion-llm batch results {handle.id}", err=True)


def _watch(handle: BatchHandle, status: BatchStatus) -> BatchStatus:
    """Show how far a batch is until it is finished."""
    with click.progressbar(length=status.total, label="answering", file=sys.stderr) as bar:
        bar.update(status.finished)
        while not status.is_finished:
            time.sleep(_LOOK)
            before, status = status, handle.status().get()
            bar.update(status.finished - before.finished)
    return status


@batch.command(
    epilog="""\b
Examples:
  legion-llm batch status batch_0123456789abcdef01234567
"""
)
@click.argument("batch_id", metavar="ID")
@store_option
@config_option
def status(batch_id: str, store: str | None, config: Path | None) -> None:
    """Print how far a batch is. A gateway may be working on it meanwhile."""
    click.echo(_line(_status_of(store_place(store, config, os.environ), batch_id)))


@batch.command(
    epilog="""\b
Examples:
  legion-llm batch results batch_0123456789abcdef01234567 > results.jsonl
"""
)
@click.argument("batch_id", metavar="ID")
@store_option
@config_option
def results(batch_id: str, store: str | None, config: Path | None) -> None:
    """Print a line of JSON for each request of a batch, in order, as far as it is: a result, an error, or its state."""
    from ..stores.places import read_from  # noqa: PLC0415 - as above
    from ..stores.sql.queue import SqlQueue  # noqa: PLC0415 - as above
    from .batch_lines import result_line  # noqa: PLC0415 - as above

    place = store_place(store, config, os.environ)
    _status_of(place, batch_id)

    async def copy(database: Access) -> None:
        queue, after = SqlQueue(database), 0
        while page := await queue.results(batch_id, after, _PAGE):
            for result in page:
                click.echo(result_line(result))
            after = page[-1].seq

    read_from(place, copy)


def _status_of(place: Place, batch_id: str) -> BatchStatus:
    from ...messages.errors import NotFoundError  # noqa: PLC0415 - as above
    from ..stores.places import read_from  # noqa: PLC0415 - as above
    from ..stores.sql.queue import SqlQueue  # noqa: PLC0415 - as above

    found = read_from(place, lambda database: SqlQueue(database).status(batch_id, time.time()))
    if found is None:
        raise NotFoundError(f"no batch {batch_id!r}")
    return found


def _line(status: BatchStatus) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items())
    held = (
        ""
        if status.not_before is None
        else f"; not before {dt.datetime.fromtimestamp(status.not_before, dt.UTC):%Y-%m-%d %H:%M} UTC"
    )
    return f"{status.finished} of {status.total} finished ({counts}){held}"
