"""What is committed together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs

# A statement and the rows it is executed for.
Statement: TypeAlias = tuple[str, Sequence[Sequence[Any]]]


@attrs.frozen(eq=False)
class Write:
    """Some statements that are kept together or not at all, and who waits for it.

    Writes that wait at the same time are independent of each other: whoever wants an order waits for the first before asking for the second.
    """

    statements: tuple[Statement, ...]
    done: asyncio.Future[None]

    @property
    def shape(self) -> tuple[str, ...]:
        """The statements without their rows."""
        return tuple([sql for sql, _ in self.statements])

    def keep(self) -> None:
        """Tell that it is durable."""
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Tell that it was not kept."""
        if not self.done.done():
            self.done.set_exception(error)


def merged(writes: Iterable[Write]) -> Iterator[tuple[str, list[Sequence[Any]]]]:
    """Yield the statements of many writes, each once with the rows of all writes of the same shape.

    Within a shape every row's first statement comes before any row's second, which the independence of the writes allows.
    """
    shapes: dict[tuple[str, ...], list[list[Sequence[Any]]]] = {}
    for write in writes:
        columns = shapes.setdefault(write.shape, [[] for _ in write.statements])
        for column, (_, rows) in zip(columns, write.statements, strict=True):
            column.extend(rows)
    for shape, columns in shapes.items():
        yield from zip(shape, columns, strict=True)
