"""What remembering costs: durable appends one by one and many at once, a long history read, the ledger on a request's path."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
from legion_llm.actors.conversations.port import PageWanted
from legion_llm.actors.metering.actor import Metering, MeteringConfig
from legion_llm.actors.outlet.backlog import Backlog
from legion_llm.adapters.stores.memory.ledger import MemoryLedger
from legion_llm.adapters.stores.sql.conversations import SqlConversations
from legion_llm.adapters.stores.sqlite import Database, FileOptions
from legion_llm.messages.base import Message
from legion_llm.messages.chat import ChatMessage, Usage
from legion_llm.messages.conversation import Conversation, StoredMessage
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.routing import AttemptFinished, Target
from legion_llm.runtime import ASYNCIO, Actor, ActorSystem, Address, ChildSpec, SupervisorSpec

# Conversations that write at once, and the messages of a long one.
TOGETHER = 256
HISTORY = 1000

TARGET = Target(instance="openai", model="m", tier="frontier")


@attrs.frozen
class Storing:
    """Appends per second, each durable when it is answered: one after the other, and many at once; and the milliseconds of a long read."""

    alone: float
    together: float
    read_ms: float


def storing(rounds: int) -> Storing:
    """Measure the file, both ways in turn: the medians of some rounds."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_storing(Path(folder) / "store.db", rounds))


async def _storing(path: Path, rounds: int) -> Storing:
    async with _opened(path) as store:
        alone, together = [], []
        for number in range(rounds):
            started = time.perf_counter()
            await _converse(store, f"alone-{number}", 50)
            alone.append(50 / (time.perf_counter() - started))
            started = time.perf_counter()
            async with asyncio.TaskGroup() as writers:
                for writer in range(TOGETHER):
                    writers.create_task(_converse(store, f"together-{number}.{writer}", 10))
            together.append(TOGETHER * 10 / (time.perf_counter() - started))
        return Storing(statistics.median(alone), statistics.median(together), await _read(store, 2 * rounds + 1))


@contextlib.asynccontextmanager
async def _opened(path: Path) -> AsyncIterator[SqlConversations]:
    database = Database(FileOptions(path=path))
    keeper = asyncio.create_task(database.run())
    await database.known()
    try:
        yield SqlConversations(database)
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper


async def _converse(store: SqlConversations, name: str, messages: int) -> None:
    for seq in range(1, messages + 1):
        head = Conversation(id=name, created_at=1.0, updated_at=1.0, last_seq=seq, count=seq)
        await store.append(head, [_message(seq)])


async def _read(store: SqlConversations, times: int) -> float:
    head = Conversation(id="long", created_at=1.0, updated_at=1.0, last_seq=HISTORY, count=HISTORY)
    await store.append(head, [_message(seq) for seq in range(1, HISTORY + 1)])
    took = []
    for _ in range(times):
        started = time.perf_counter()
        assert len(await store.page("long", PageWanted(limit=HISTORY, newest_first=True))) == HISTORY
        took.append((time.perf_counter() - started) * 1e3)
    return min(took)


def _message(seq: int) -> StoredMessage:
    text = f"This is what was said in message {seq}, in words enough to be one."
    return StoredMessage(message=ChatMessage(content=text), seq=seq, id=f"msg_{seq}", created_at=1.0)


# -- the ledger


@attrs.frozen(kw_only=True)
class Report(Message[float]):
    """Tell of so many attempts, and answer with the CPU time that each cost on this loop, in microseconds."""

    attempts: int


class Reporter(Actor[Report]):
    """Stands for a connection: tells the ledger of its attempts, and waits for nothing."""

    def __init__(self, ledger: Address) -> None:
        super().__init__()
        self._ledger = ledger

    def on_report(self, message: Report) -> float:
        started = time.thread_time()
        for number in range(message.attempts):
            self._ledger.leave(_attempt(number))
        return (time.thread_time() - started) / message.attempts * 1e6


def ledger_cost(attempts: int, rounds: int) -> float:
    """Return what telling the ledger of an attempt costs whoever made it, in microseconds: the best of some rounds."""
    config = MeteringConfig(keep_attempts=1000)
    backlog = Backlog(100_000)
    system = ActorSystem("bench")
    meter = ChildSpec(name="metering", factory=lambda: Metering(config, MemoryLedger(), backlog), home=ASYNCIO)
    reporter = ChildSpec(name="reporter", factory=lambda: Reporter(system.address("metering")))
    system.start(SupervisorSpec(name="root", children=(meter, reporter)))
    try:
        return min(system.address("reporter").request(Report(attempts=attempts)).get(timeout=60) for _ in range(rounds))
    finally:
        system.shutdown(drain=0.0)


def _attempt(number: int) -> AttemptFinished:
    return AttemptFinished(
        request_id="req_1",
        attempt=number,
        target=TARGET,
        outcome=Outcome.SUCCESS,
        usage=Usage(uncached_input=7, visible_output=5),
        latency=0.1,
        at=1.0,
        recorded_at=1.0,
    )
