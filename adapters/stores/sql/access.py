"""What the stores need of a database."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any, Protocol

from .words import Words
from .writes import Statement


class Lane(enum.Enum):
    """Who reads: requests and reports do not stand in one line, so that a long report does not delay a request."""

    REQUESTS = "requests"
    REPORTS = "reports"


class Access(Protocol):
    """What the stores need of a database."""

    @property
    def words(self) -> Words:
        """What it says in its own way."""

    async def write(self, *statements: Statement) -> None:
        """Keep the statements together or not at all; returns when they are durable."""

    async def read(
        self, sql: str, parameters: Sequence[Any] = (), *, lane: Lane = Lane.REQUESTS
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a query; "?" stands for a parameter, whatever the database."""

    async def settle(self) -> None:
        """Wait until everything that is asked for now has been kept, or refused."""
