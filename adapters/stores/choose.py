"""Which stores the settings mean."""

from __future__ import annotations

from pathlib import Path

import attrs

from ...actors.audit.port import AuditStore
from ...actors.conversations.port import ConversationStore
from ...actors.metering.port import LedgerStore
from ...messages.settings import IN_MEMORY, Settings
from .memory.audit import MemoryAudit
from .memory.conversations import MemoryConversations
from .memory.ledger import MemoryLedger
from .paths import file_of
from .status import Kept


@attrs.frozen(kw_only=True)
class Stores:
    """What stands behind the ports.

    Attributes:
        kept: What must be held open for them, or None.
    """

    ledger: LedgerStore
    audit: AuditStore
    conversations: ConversationStore
    kept: Kept | None = None

    def notes(self) -> tuple[str, ...]:
        """Return what a person who starts the gateway should know of the store; callable from any thread."""
        if self.kept is None:
            return ()
        status = self.kept.status()
        if status.fault is None:
            return (f"usage, audit and conversations are kept in {status.name}",)
        return (f"NOTHING IS KEPT until the store can be used, which is tried every second: {status.fault}",)


def stores_of(settings: Settings) -> Stores:
    """Return the stores; nothing is opened yet."""
    store = settings.store
    if store.path is None or store.path == IN_MEMORY:
        return Stores(
            ledger=MemoryLedger(settings.metering.keep_attempts),
            audit=MemoryAudit(),
            conversations=MemoryConversations(),
        )
    return _sqlite(settings, file_of(store.path))


def _sqlite(settings: Settings, path: Path) -> Stores:
    # Not needed by a host that keeps nothing.
    from .sqlite import Database, FileOptions  # noqa: PLC0415
    from .sqlite.audit import SqliteAudit  # noqa: PLC0415
    from .sqlite.conversations import SqliteConversations  # noqa: PLC0415
    from .sqlite.ledger import SqliteLedger  # noqa: PLC0415

    store = settings.store
    database = Database(
        FileOptions(path=path, synchronous=store.synchronous), timeout=store.timeout, max_pending=store.max_pending
    )
    return Stores(
        ledger=SqliteLedger(database),
        audit=SqliteAudit(database),
        conversations=SqliteConversations(database),
        kept=database,
    )
