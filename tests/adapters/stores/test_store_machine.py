"""The stores against a model of a few lines: whatever is done to them, in whatever order, they hold what the model holds."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from legion_llm.actors.conversations.port import PageWanted
from legion_llm.adapters.stores.choose import Stores, sql_stores
from legion_llm.adapters.stores.memory.audit import MemoryAudit
from legion_llm.adapters.stores.memory.conversations import MemoryConversations
from legion_llm.adapters.stores.memory.ledger import MemoryLedger
from legion_llm.adapters.stores.memory.queue import MemoryQueue
from legion_llm.adapters.stores.postgres.database import PostgresDatabase
from legion_llm.adapters.stores.sqlite import Database, FileOptions
from legion_llm.messages.chat import ChatMessage, Usage
from legion_llm.messages.conversation import Conversation, ListConversations, StoredMessage
from legion_llm.messages.errors import StoreConflict
from legion_llm.messages.ledger import LedgerEntry, Span
from legion_llm.messages.outcome import Outcome
from postgres import Schema

IDS = st.sampled_from(["a", "b", "c"])
PLACES = st.integers(1, 12)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
# Outside of contents PostgreSQL keeps no NUL, and shows its picture instead.
TITLES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


class SqlHouse:
    """Stores in a database that can be closed and opened again."""

    def __init__(self) -> None:
        self._open()

    def _database(self):
        raise NotImplementedError

    def _open(self) -> None:
        self._runner = asyncio.Runner()
        database = self._database()
        self.stores = sql_stores(database, database)
        self._keeper = self.run(_begin(database))

    def run(self, coroutine):
        return self._runner.run(coroutine)

    def reopen(self) -> None:
        self._close()
        self._open()

    def _close(self) -> None:
        self._keeper.cancel()
        self.run(_ended(self._keeper))
        self._runner.close()


class SqliteHouse(SqlHouse):
    """Stores in a file."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp())
        super().__init__()

    def _database(self):
        return Database(FileOptions(path=self._folder / "store.db", synchronous="normal"))

    def close(self) -> None:
        self._close()
        shutil.rmtree(self._folder)


class PostgresHouse(SqlHouse):
    """Stores in a schema of their own."""

    def __init__(self) -> None:
        self._schema = Schema()
        super().__init__()

    def _database(self):
        return PostgresDatabase(self._schema.server(synchronous="normal"))

    def close(self) -> None:
        self._close()
        self._schema.drop()


async def _begin(database):
    keeper = asyncio.create_task(database.run())
    await database.known()
    return keeper


async def _ended(task):
    with contextlib.suppress(asyncio.CancelledError):
        await task


class MemoryHouse:
    """Stores in memory, which cannot be opened again."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.stores = Stores(
            ledger=MemoryLedger(), audit=MemoryAudit(), conversations=MemoryConversations(), queue=MemoryQueue()
        )

    def run(self, coroutine):
        return self._runner.run(coroutine)

    def reopen(self) -> None:
        pass

    def close(self) -> None:
        self._runner.close()


# A new kind of store gets a line here.
HOUSES = {"memory": MemoryHouse, "sqlite": SqliteHouse, "postgres": PostgresHouse}


class StoreMachine(RuleBasedStateMachine):
    """The model: a conversation is its head and its messages by place; the ledger is its rows by id."""

    house_of = MemoryHouse

    def __init__(self) -> None:
        super().__init__()
        self.house = self.house_of()
        self.heads: dict[str, Conversation] = {}
        self.logs: dict[str, dict[int, StoredMessage]] = {}
        self.rows: dict[str, LedgerEntry] = {}
        self.clock = 0.0

    def teardown(self):
        self.house.close()

    def _do(self, method, *args):
        return self.house.run(getattr(self.house.stores.conversations, method)(*args))

    def _now(self):
        self.clock += 1.0
        return self.clock

    def _message(self, seq, text, **fields):
        return StoredMessage(message=ChatMessage(content=text), seq=seq, id=f"m{seq}", created_at=0.0, **fields)

    @rule(name=IDS, texts=st.lists(TEXTS, max_size=4), aside=st.booleans())
    def append(self, name, texts, aside):
        old = self.heads.get(name) or Conversation(id=name, created_at=self.clock, updated_at=0.0)
        messages = [
            self._message(old.last_seq + number, text, sidechain=aside and number % 2 == 0)
            for number, text in enumerate(texts, 1)
        ]
        count = len(texts)
        new = attrs.evolve(
            old, last_seq=old.last_seq + count, count=old.count + count, updated_at=self._now(), version=old.version + 1
        )
        self._do("append", new, messages)
        self.heads[name] = new
        self.logs.setdefault(name, {}).update({message.seq: message for message in messages})

    @rule(name=IDS, seq=PLACES)
    def append_where_something_is(self, name, seq):
        if seq not in self.logs.get(name, {}):
            return
        with pytest.raises(StoreConflict):
            self._do("append", attrs.evolve(self.heads[name], title="never"), [self._message(seq, "clash")])

    @rule(name=IDS, texts=st.lists(TEXTS, max_size=3))
    @precondition(lambda self: self.heads)
    def replace(self, name, texts):
        if name not in self.heads:
            return
        messages = [self._message(number, text) for number, text in enumerate(texts, 1)]
        old, count = self.heads[name], len(texts)
        new = attrs.evolve(old, last_seq=count, count=count, updated_at=self._now(), version=old.version + 1)
        self._do("replace", new, messages)
        self.heads[name] = new
        self.logs[name] = {message.seq: message for message in messages}

    @rule(source=IDS, name=IDS, up_to=PLACES)
    def copy(self, source, name, up_to):
        if source not in self.heads:
            return
        head = Conversation(id=name, created_at=self.clock, updated_at=self._now())
        if name in self.heads:
            with pytest.raises(StoreConflict):
                self._do("copy", source, up_to, head)
            return
        made = self._do("copy", source, up_to, head)
        copies = self._do("page", name, PageWanted(limit=100, everything=True))
        originals = [each for each in self.logs[source].values() if each.seq <= up_to and not each.sidechain]
        assert [each.message for each in copies] == [each.message for each in originals]
        assert (made.count, made.last_seq) == (len(originals), len(originals))
        self.heads[name] = made
        self.logs[name] = {each.seq: each for each in copies}

    @rule(name=IDS)
    def delete(self, name):
        assert self._do("delete", name) is (name in self.heads)
        self.heads.pop(name, None)
        self.logs.pop(name, None)

    @rule(name=IDS, title=TITLES)
    def save(self, name, title):
        if name in self.heads:
            old = self.heads[name]
            self.heads[name] = attrs.evolve(old, title=title, updated_at=self._now(), version=old.version + 1)
            self._do("save", self.heads[name])

    @rule(ids=st.lists(st.integers(1, 30), max_size=5))
    def pay(self, ids):
        entries = [_entry(number) for number in ids]
        self.house.run(self.house.stores.ledger.append(entries))
        for entry in entries:
            self.rows.setdefault(entry.id, entry)

    @rule()
    def reopen(self):
        self.house.reopen()

    @rule(
        name=IDS, before=PLACES, after=PLACES, limit=st.integers(1, 5), newest=st.booleans(), everything=st.booleans()
    )
    def look(self, name, before, after, limit, newest, everything):
        wanted = PageWanted(limit=limit, before=before, after=after, newest_first=newest, everything=everything)
        fitting = [
            each
            for seq, each in sorted(self.logs.get(name, {}).items())
            if after < seq < before and (everything or not each.sidechain)
        ]
        assert self._do("page", name, wanted) == tuple(fitting[-limit:] if newest else fitting[:limit])

    @invariant()
    def heads_are_as_they_were_kept(self):
        found = self._do("listed", ListConversations())
        assert {each.id: each for each in found} == self.heads
        assert [each.updated_at for each in found] == sorted((each.updated_at for each in found), reverse=True)

    @invariant()
    def every_row_is_there_exactly_once(self):
        found = self.house.run(self.house.stores.ledger.entries(Span(), None, 1000))
        assert [entry.id for entry in found] == sorted(self.rows)


def _entry(number):
    return LedgerEntry(
        id=f"att_{number:02}",
        request_id="r",
        attempt=1,
        recorded_at=float(number),
        provider="p",
        instance="p",
        model="m",
        tier="t",
        outcome=Outcome.SUCCESS,
        usage=Usage(),
        latency=0.0,
    )


def run_machine(kind, **how_long):
    machine = type("Machine", (StoreMachine,), {"house_of": HOUSES[kind]})
    chosen = settings(deadline=None, suppress_health_check=list(HealthCheck), **how_long)
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_store_holds_what_the_model_holds(kind):
    run_machine(kind, max_examples=20, stateful_step_count=25)


@pytest.mark.live
def test_a_server_holds_what_the_model_holds(postgres_server):
    run_machine("postgres", max_examples=8, stateful_step_count=25)
