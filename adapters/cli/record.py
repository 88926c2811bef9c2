"""Reads the record of requests for `legion-llm audit` and prints it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import attrs
import click

from ..audit.lines import json_of
from ..host.audit_query import audit_query
from ..stores.places import Place, read_from
from ..stores.sql.access import Access
from ..stores.sql.audit import SqlAudit


def print_events(place: Place, since: str | None, until: str | None, which: Mapping[str, str | None]) -> None:
    """Print events page by page, so that a record of any length can be printed.

    Raises:
        InvalidRequestError: An argument is wrong.
        StoreError: The store cannot be read.
    """
    query = audit_query(since, until, time.time(), **which)

    async def copy(database: Access) -> None:
        store = SqlAudit(database)
        page_of = query
        while page := await store.events(page_of):
            for event in page:
                click.echo(json_of(event))
            page_of = attrs.evolve(query, after=page[-1])

    read_from(place, copy)
