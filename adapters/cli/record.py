"""Reads the record of requests for `legion-llm audit` and prints it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import attrs
import click

from ..audit.lines import json_of
from ..host.audit_query import audit_query
from ..stores.sqlite.audit import SqliteAudit
from ..stores.sqlite.reading import read_only


def print_events(path: Path, since: str | None, until: str | None, which: Mapping[str, str | None]) -> None:
    """Print events page by page, so that a record of any length can be printed.

    Raises:
        InvalidRequestError: An argument is wrong.
        StoreError: The file cannot be read.
    """
    query = audit_query(since, until, time.time(), **which)

    async def copy(store: SqliteAudit) -> None:
        page_of = query
        while page := await store.events(page_of):
            for event in page:
                click.echo(json_of(event))
            page_of = attrs.evolve(query, after=page[-1])

    with read_only(path) as file:
        asyncio.run(copy(SqliteAudit(file)))
