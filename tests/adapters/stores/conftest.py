"""A loop to run stores on, and every store there is: what is tested of one is tested of all."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from legion_llm.adapters.stores.choose import Stores, sql_stores
from legion_llm.adapters.stores.memory.audit import MemoryAudit
from legion_llm.adapters.stores.memory.conversations import MemoryConversations
from legion_llm.adapters.stores.memory.ledger import MemoryLedger
from legion_llm.adapters.stores.memory.queue import MemoryQueue
from legion_llm.adapters.stores.postgres.database import PostgresDatabase
from legion_llm.adapters.stores.sqlite import Database, FileOptions
from legion_llm.messages.chat import Usage
from legion_llm.messages.ledger import LedgerEntry
from legion_llm.messages.outcome import Outcome

# Nothing here waits for a real clock, so only a hang ever takes this long.
PATIENCE = 20.0


class Loop:
    """An asyncio loop that runs while something is asked of it."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._kept: list[asyncio.Task] = []

    def run(self, coroutine):
        async def within():
            async with asyncio.timeout(PATIENCE):
                return await coroutine

        return self._runner.run(within())

    def keep(self, store) -> asyncio.Task:
        """Hold a store open until the end of the test, as its keeper does."""
        task = self.begin(store.run())
        self.run(store.known())
        return task

    def begin(self, coroutine) -> asyncio.Task:
        """Start a task; it is cancelled at the end of the test."""

        async def start():
            return asyncio.create_task(coroutine)

        task = self.run(start())
        self._kept.append(task)
        return task

    def end(self, task: asyncio.Task) -> None:
        """Cancel a task and wait for its end."""

        async def cancel():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        self.run(cancel())

    def close(self) -> None:
        for task in reversed(self._kept):
            if not task.done():
                self.end(task)
        self._runner.close()


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data" / "store.db"


@pytest.fixture
def database(loop, file):
    """A database that is open."""
    database = Database(FileOptions(path=file), retry=0.01)
    loop.keep(database)
    return database


@pytest.fixture
def shared(loop, postgres):
    """A schema of this test's own on a PostgreSQL server, open."""
    database = PostgresDatabase(postgres.server(synchronous="normal"), retry=0.01)
    loop.keep(database)
    return database


def _memory(_request):
    return Stores(ledger=MemoryLedger(), audit=MemoryAudit(), conversations=MemoryConversations(), queue=MemoryQueue())


def _sqlite(request):
    database = request.getfixturevalue("database")
    return sql_stores(database, database)


def _postgres(request):
    database = request.getfixturevalue("shared")
    return sql_stores(database, database)


# A new kind of store gets a line here, and with it all these tests.
STORES = {"memory": _memory, "sqlite": _sqlite, "postgres": _postgres}
KINDS = [pytest.param(name, marks=pytest.mark.live if name == "postgres" else ()) for name in STORES]


@pytest.fixture(params=KINDS)
def stores(request):
    """Every kind of store there is."""
    return STORES[request.param](request)


@pytest.fixture
def ledger(stores):
    """Every ledger there is."""
    return stores.ledger


@pytest.fixture
def audit(stores):
    """Every record of requests there is."""
    return stores.audit


@pytest.fixture
def entry():
    """Return a row of the ledger; by default a chat that "openai" answered."""
    count = 0

    def build(**fields) -> LedgerEntry:
        nonlocal count
        count += 1
        values = {
            "id": f"att_{count:03}",
            "request_id": f"req_{count:03}",
            "attempt": 1,
            "recorded_at": 1_700_000_000.0 + count,
            "provider": "openai",
            "instance": "openai/eu",
            "model": "m",
            "tier": "frontier",
            "outcome": Outcome.SUCCESS,
            "usage": Usage(uncached_input=3, visible_output=2),
            "latency": 0.5,
            "cost_usd": 0.25,
            "cost_source": "priced",
            **fields,
        }
        return LedgerEntry(**values)

    return build
