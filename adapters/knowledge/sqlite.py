"""A small store of knowledge: texts in an SQLite file, found by the vectors that the gateway's own embeddings make of them."""

from __future__ import annotations

import array
import heapq
import math
import operator
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from ...messages.embedding import EmbedResponse, EmbedTask, Vector
from ...messages.errors import InvalidRequestError, StoreUnavailable, SystemNotRunning
from ...messages.knowledge import Knowledge, KnowledgeWanted
from ...runtime import Reply

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS knowledge (
    content TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    source TEXT,
    model TEXT NOT NULL,
    vector BLOB NOT NULL
)
"""
_ADD: Final = "INSERT OR REPLACE INTO knowledge (content, content_type, source, model, vector) VALUES (?, ?, ?, ?, ?)"
_VECTORS: Final = "SELECT rowid, vector FROM knowledge WHERE model = ?"

# Python 3.12 has it in C; before, this is some ten times slower.
_product: Callable[[Any, Any], float] = getattr(math, "sumprod", None) or (
    lambda one, other: sum(map(operator.mul, one, other))
)


class Embedding(Protocol):
    """Whoever makes vectors: a `Legion`."""

    def embed(self, inputs: Any, *, task: EmbedTask) -> Reply[EmbedResponse]:
        """Return the vectors of some texts."""


class SqliteKnowledge:
    """A retriever for `Host(retriever=...)` that compares a question with every text it keeps: for thousands of texts, not for millions.

    Every method may be called from any thread; they block. `confidence` of what is found is the cosine of the two vectors. Texts whose vectors
    another model made are not found: add them again.

    Args:
        path: The file, made where it is missing.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._lock = threading.Lock()
        self._embedding: Embedding | None = None
        with self._connected() as connection:
            connection.execute(_SCHEMA)

    def use(self, legion: Embedding) -> None:
        """Have vectors made by this gateway from now on."""
        self._embedding = legion

    def add(self, *entries: Knowledge | str) -> None:
        """Keep texts; one that is there already is not kept twice.

        Args:
            *entries: Texts, or `Knowledge` that says more of them.

        Raises:
            InvalidRequestError: One is blank.
            SystemNotRunning: `use` was not called.
            LegionError: No vectors could be made.
            StoreUnavailable: The file cannot be written.
        """
        known = [Knowledge(content=entry) if isinstance(entry, str) else entry for entry in entries]
        if not all(entry.content.strip() for entry in known):
            raise InvalidRequestError("a blank text is no knowledge", param="entries")
        if not known:
            return
        model, vectors = self._vectors([entry.content for entry in known], "document")
        rows = [
            (entry.content, entry.content_type, entry.source, model, _bytes(vector))
            for entry, vector in zip(known, vectors, strict=True)
        ]
        with self._connected() as connection:
            connection.executemany(_ADD, rows)

    def remove(self, *, source: str) -> int:
        """Forget all texts of a source; returns how many there were.

        Raises:
            StoreUnavailable: The file cannot be written.
        """
        with self._connected() as connection:
            return connection.execute("DELETE FROM knowledge WHERE source = ?", [source]).rowcount

    def __len__(self) -> int:
        with self._connected() as connection:
            (count,) = connection.execute("SELECT count(*) FROM knowledge").fetchone()
            return int(count)

    def retrieve(self, wanted: KnowledgeWanted) -> list[Knowledge]:
        """Return the texts that lie nearest to the question.

        Raises:
            SystemNotRunning: `use` was not called.
            LegionError: No vector could be made of the question.
            StoreUnavailable: The file cannot be read.
        """
        model, (vector,) = self._vectors([wanted.query], "query")
        question = _unit(vector)
        with self._connected() as connection:
            scored = (
                (_product(question, array.array("f", blob)), row)
                for row, blob in connection.execute(_VECTORS, [model])
                if len(blob) == len(question) * question.itemsize
            )
            nearest = heapq.nlargest(wanted.limit, (each for each in scored if each[0] >= wanted.min_confidence))
            return [_entry(connection, row, score) for score, row in nearest]

    def _vectors(self, texts: Sequence[str], task: EmbedTask) -> tuple[str, Sequence[Vector]]:
        if self._embedding is None:
            raise SystemNotRunning("nobody makes vectors for this store: call use(legion) first")
        response = self._embedding.embed(list(texts), task=task).get()
        return response.model, response.vectors

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, closing(sqlite3.connect(self._path)) as connection, connection:
                yield connection
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path}: {error}", store=self._path) from error


def _unit(vector: Vector) -> array.array[float]:
    length = math.hypot(*vector) or 1.0
    return array.array("f", [number / length for number in vector])


def _bytes(vector: Vector) -> bytes:
    return _unit(vector).tobytes()


def _entry(connection: sqlite3.Connection, row: int, score: float) -> Knowledge:
    content, content_type, source = connection.execute(
        "SELECT content, content_type, source FROM knowledge WHERE rowid = ?", [row]
    ).fetchone()
    return Knowledge(content=content, content_type=content_type, source=source, confidence=max(0.0, min(1.0, score)))
