"""Which stores the settings mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from ...actors.audit.port import AuditSink, AuditStore
from ...actors.conversations.port import ConversationStore
from ...actors.metering.port import LedgerStore
from ...actors.scheduler.port import QueueStore
from ...messages.settings import IN_MEMORY, Settings, StoreSettings
from .memory.audit import MemoryAudit
from .memory.conversations import MemoryConversations
from .memory.ledger import MemoryLedger
from .memory.queue import MemoryQueue
from .paths import file_of
from .sql.access import Access
from .status import Kept


@attrs.frozen(kw_only=True)
class Stores:
    """What stands behind the ports.

    Attributes:
        kept: What must be held open for them, or None.
        told: Where the record goes to be told outside, or None.
    """

    ledger: LedgerStore
    audit: AuditStore
    conversations: ConversationStore
    queue: QueueStore
    kept: Kept | None = None
    told: AuditSink | None = None

    def notes(self) -> tuple[str, ...]:
        """Return what a person who starts the gateway should know of the store; callable from any thread."""
        if self.kept is None:
            return ()
        status = self.kept.status()
        if status.fault is None:
            return (f"usage, audit and conversations are kept in {status.name}",)
        return (f"NOTHING IS KEPT until the store can be used, which is tried every second: {status.fault}",)


def stores_of(settings: Settings, environ: Mapping[str, str]) -> Stores:
    """Return the stores; nothing is opened yet.

    Args:
        settings: Where they are.
        environ: Where the password of a server is looked up.

    Raises:
        SettingsError: The server's URL or password is wrong, or the library that speaks to it is missing.
    """
    store = settings.store
    if store.url is not None:
        return _postgres(store, environ)
    if store.path is None or store.path == IN_MEMORY:
        return Stores(
            ledger=MemoryLedger(settings.metering.keep_attempts),
            audit=MemoryAudit(),
            conversations=MemoryConversations(),
            queue=MemoryQueue(),
        )
    return _sqlite(store, file_of(store.path))


def sql_stores(database: Access, kept: Kept | None = None) -> Stores:
    """Return the stores in a SQL database.

    Args:
        database: Where they keep things.
        kept: What must be held open for that.
    """
    # Not needed by a host that keeps nothing.
    from .sql.audit import SqlAudit  # noqa: PLC0415
    from .sql.conversations import SqlConversations  # noqa: PLC0415
    from .sql.ledger import SqlLedger  # noqa: PLC0415
    from .sql.queue import SqlQueue  # noqa: PLC0415

    return Stores(
        ledger=SqlLedger(database),
        audit=SqlAudit(database),
        conversations=SqlConversations(database),
        queue=SqlQueue(database),
        kept=kept,
    )


def _sqlite(store: StoreSettings, path: Path) -> Stores:
    from .sqlite import Database, FileOptions  # noqa: PLC0415 - likewise

    database = Database(
        FileOptions(path=path, synchronous=store.synchronous), timeout=store.timeout, max_pending=store.max_pending
    )
    return sql_stores(database, database)


def _postgres(store: StoreSettings, environ: Mapping[str, str]) -> Stores:
    from .servers import server_of  # noqa: PLC0415 - likewise

    server = server_of(store, environ)
    from .postgres.database import PostgresDatabase  # noqa: PLC0415 - an extra, which `server_of` has looked for

    database = PostgresDatabase(server, timeout=store.timeout, max_pending=store.max_pending, pool_size=store.pool_size)
    return sql_stores(database, database)
