"""How a store is."""

from __future__ import annotations

from typing import Protocol

import attrs

from ...messages.errors import StoreError


@attrs.frozen(kw_only=True)
class StoreStatus:
    """How a store is.

    Attributes:
        name: Its file or server; "memory" for none.
        fault: Why it cannot be used now, or None.
        pending: Writes that wait for their commit.
        commits: Commits since the start.
        committed: Writes kept since the start.
    """

    name: str
    fault: StoreError | None = None
    pending: int = 0
    commits: int = 0
    committed: int = 0


@attrs.frozen(kw_only=True)
class Condition:
    """What an operator wants to know of a store.

    Attributes:
        place: Its file or server.
        version: Of its schema; `newest` is the one that this program writes.
        size_bytes: Of the file without its log, or of the tables with their indexes.
        rows: Rows by table.
    """

    place: str
    version: int
    newest: int
    size_bytes: int
    rows: dict[str, int]


class Kept(Protocol):
    """A store that must be held open: what its keeper does for it."""

    async def run(self) -> None:
        """Hold it open, and open it anew when it fails, until cancelled."""

    async def known(self) -> None:
        """Wait until the first try to open it has ended, one way or the other."""

    def status(self) -> StoreStatus:
        """Return how it is."""
