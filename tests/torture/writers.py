"""What the processes that get killed do: write as fast as they can, and note what they were told to be kept."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import legion_llm
from journal import Journal
from legion_llm.adapters.audit.jsonl import JsonLines, JsonLinesSink
from legion_llm.adapters.stores.choose import Stores, stores_of
from legion_llm.messages.audit import AuditEvent
from legion_llm.messages.chat import ChatMessage, Usage
from legion_llm.messages.conversation import Conversation, StoredMessage
from legion_llm.messages.ledger import LedgerEntry
from legion_llm.messages.outcome import Outcome
from legion_llm.messages.settings import Settings, StoreSettings

# Small enough that files are put aside all the time; none of them is ever thrown away.
_AUDIT_BYTES = 20_000
_ALL_FILES = 10_000


def write_stores(folder: Path, number: int, seed: int) -> None:
    """Write through the stores themselves, several writers of each kind at once."""
    asyncio.run(_Scribes(folder, number, seed).write())


class _Scribes:
    def __init__(self, folder: Path, number: int, seed: int) -> None:
        self._stores: Stores = stores_of(Settings(store=StoreSettings(path=str(folder / "store.db"))), {})
        self._lines = JsonLinesSink(JsonLines(folder / "audit.jsonl", _AUDIT_BYTES, _ALL_FILES))
        self._journal = Journal(folder / f"journal.{number}")
        self._dice = random.Random(seed)
        self._number = number

    async def write(self) -> None:
        assert self._stores.kept is not None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stores.kept.run())
            await self._stores.kept.known()
            for name in ("shared", f"own-{self._number}"):
                tasks.create_task(self._converse(name))
            for writer in range(3):
                tasks.create_task(self._keep_books("ledger", writer, self._stores.ledger.append, _entry))
                tasks.create_task(self._keep_books("audit", writer, self._stores.audit.append, _event))
            tasks.create_task(self._keep_books("lines", 0, self._lines.append, _event))

    async def _converse(self, name: str) -> None:
        """Add turns to a conversation, of which earlier processes may have written a part."""
        store = self._stores.conversations
        head = await store.find(name) or Conversation(id=name, created_at=1.0, updated_at=1.0)
        for turn in itertools.count():
            size = self._dice.randint(1, 5)
            ids = [f"{name}/{self._number}.{turn}.{place}" for place in range(size)]
            messages = [_message(each, head.last_seq + 1 + place) for place, each in enumerate(ids)]
            head = attrs.evolve(head, last_seq=head.last_seq + size, count=head.count + size)
            self._journal.tried("messages", ids)
            await store.append(head, messages)
            self._journal.kept("messages", ids)

    async def _keep_books(
        self, table: str, writer: int, append: Callable[..., Any], make: Callable[[str], Any]
    ) -> None:
        for batch in itertools.count():
            ids = [f"{table}-{self._number}.{writer}.{batch}.{place}" for place in range(self._dice.randint(1, 20))]
            self._journal.tried(table, ids)
            await append([make(each) for each in ids])
            self._journal.kept(table, ids)


def write_gateway(folder: Path, number: int, seed: int) -> None:
    """Answer requests of a whole gateway, several conversations at once; what is told to be kept is what its callers are told."""
    settings = {
        "providers": {"demo": {}},
        "store": {"path": str(folder / "store.db")},
        "metering": {"strict": True},
        "verification": {"enabled": False},
    }
    journal, dice = Journal(folder / f"journal.{number}"), random.Random(seed)
    with legion_llm.start(settings, environ={}) as legion:
        talkers = [
            threading.Thread(target=_talk, args=(legion, journal, f"talk-{number}.{each}", dice.randint(1, 200)))
            for each in range(3)
        ]
        for talker in talkers:
            talker.start()
        for talker in talkers:
            talker.join()


def _talk(legion: legion_llm.Legion, journal: Journal, name: str, words: int) -> None:
    for turn in itertools.count():
        answer = legion.chat(f"{turn}: " + "word " * words, conversation_id=name).get(timeout=30)
        journal.kept("turns", [answer.request_id])
        for event in legion.audit(request_id=answer.request_id).get(timeout=30):
            journal.kept("audit", [event.id])


def _message(id_: str, seq: int) -> StoredMessage:
    return StoredMessage(message=ChatMessage(content=f"said in {id_}"), seq=seq, id=id_, created_at=1.0)


def _entry(id_: str) -> LedgerEntry:
    return LedgerEntry(
        id=id_,
        request_id=id_,
        attempt=1,
        recorded_at=1.0,
        provider="demo",
        instance="demo",
        model="demo",
        tier="local",
        outcome=Outcome.SUCCESS,
        usage=Usage(uncached_input=3, visible_output=2),
        latency=0.1,
    )


def _event(id_: str) -> AuditEvent:
    return AuditEvent(id=id_, at=1.0, request_id=id_, outcome=Outcome.SUCCESS, body={"id": id_, "text": "x" * 200})


WRITERS = {"stores": write_stores, "gateway": write_gateway}
