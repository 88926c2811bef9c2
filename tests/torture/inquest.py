"""What is found after a writer was killed: whether the file is sound, and whether all that was told to be kept is there, once."""

from __future__ import annotations

import collections
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from journal import notes_of
from legion_llm.adapters.stores.sqlite.care import examine


def findings(folder: Path, number: int) -> list[str]:
    """Return what is wrong after the death of writer `number`; [] where all is well.

    Raises:
        StoreError: The file cannot be opened, or is damaged.
    """
    file = folder / "store.db"
    if not file.exists():
        return ["something was kept in no file"] if notes_of(folder / f"journal.{number}") else []
    examine(file)
    notes = notes_of(folder / f"journal.{number}")
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return [*_of_batches(notes, connection, _lines(folder)), *_of_turns(notes, connection)]
    finally:
        connection.close()


def _of_batches(
    notes: Iterable[tuple[str, str, list[str]]], connection: sqlite3.Connection, lines: collections.Counter[str]
) -> Iterator[str]:
    for what, table, ids in notes:
        if table == "turns":
            continue
        counts = [lines[each] if table == "lines" else _count(connection, table, "id", each) for each in ids]
        if what == "kept" and set(counts) != {1}:
            yield f"{table}: {ids[0]} and {len(ids) - 1} more were told to be kept, and are there {counts} times"
        # Lines are written one after the other; of tables a batch is kept whole or not at all.
        if set(counts) - {0, 1} or (table != "lines" and len(set(counts)) > 1):
            yield f"{table}: {ids[0]} and {len(ids) - 1} more were tried together, and are there {counts} times"


def _of_turns(notes: Iterable[tuple[str, str, list[str]]], connection: sqlite3.Connection) -> Iterator[str]:
    """An answer with `metering.strict` means: its turn, question and answer, and its one attempt are kept."""
    for what, table, ids in notes:
        if (what, table) != ("kept", "turns"):
            continue
        messages, rows = (_count(connection, name, "request_id", ids[0]) for name in ("messages", "ledger"))
        if (messages, rows) != (2, 1):
            yield f"turn {ids[0]}: {messages} messages of 2 and {rows} rows of 1 are there"


def _count(connection: sqlite3.Connection, table: str, column: str, value: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", [value]).fetchone()
    return int(count)


def _lines(folder: Path) -> collections.Counter[str]:
    """Return how often each event stands in the files of lines; half a line at the very end is what a death may leave."""
    found: collections.Counter[str] = collections.Counter()
    for path in folder.glob("audit.jsonl*"):
        if path.suffix == ".lock":
            continue
        *whole, _half = path.read_text().split("\n")
        found.update(json.loads(line)["id"] for line in whole)
    return found
