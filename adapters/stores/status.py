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


class Kept(Protocol):
    """A store that must be held open: what its keeper does for it."""

    async def run(self) -> None:
        """Hold it open, and open it anew when it fails, until cancelled."""

    async def known(self) -> None:
        """Wait until the first try to open it has ended, one way or the other."""

    def status(self) -> StoreStatus:
        """Return how it is."""
