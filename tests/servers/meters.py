"""A meter whose ledger is this process's memory."""

from __future__ import annotations

from collections.abc import Callable

from legion_llm.actors.metering.actor import Metering, MeteringConfig
from legion_llm.actors.outlet.backlog import Backlog
from legion_llm.adapters.stores.memory.ledger import MemoryLedger


def meter(keep_attempts: int) -> Callable[[], Metering]:
    """Return what makes the meter, as a supervisor wants it."""
    config, ledger, backlog = MeteringConfig(keep_attempts=keep_attempts), MemoryLedger(), Backlog(10_000)
    return lambda: Metering(config, ledger, backlog)
