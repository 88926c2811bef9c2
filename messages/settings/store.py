"""Where the system keeps what shall outlive it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from .checks import above, between, not_blank, one_of

# The word that stands in place of a file.
IN_MEMORY: Final = "memory"

Synchronous: TypeAlias = Literal["full", "normal"]


@attrs.frozen(kw_only=True)
class StoreSettings:
    """The store of ledger, audit and conversations.

    Attributes:
        path: SQLite file, made with its folder where it is missing; "memory" keeps everything in this process, bounded, and forgets it at the
            end. Default None: a host that embeds the library keeps it in memory, `legion-llm serve` in `~/.legionio/data/legion-llm.db`.
        synchronous: full survives a power cut with every answered write; normal is faster, survives a crash of the process, and may lose the
            last writes in a power cut. Default full.
        timeout: Seconds that one read or write may take before its caller hears `StoreUnavailable` (above 0). Default 5.0.
        max_pending: Writes that may wait for their commit; one more is refused with `StoreUnavailable` (at least 1). Default 10000.
    """

    path: str | None = attrs.field(default=None, validator=not_blank)
    synchronous: Synchronous = attrs.field(default="full", validator=one_of(Synchronous))
    timeout: float = attrs.field(default=5.0, validator=above(0, unit="s"))
    max_pending: int = attrs.field(default=10_000, validator=between(1))
