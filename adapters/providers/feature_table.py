"""The features by provider as a table, for the documentation and for whoever asks on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .features import Column

Row = tuple[str, ...]


def markdown(columns: Sequence[Column]) -> str:
    """Return the table as Markdown."""
    heads, *rows = _rows(columns)
    return "".join([_line(each) for each in (heads, ["---"] * len(heads), *rows)])


def plain(columns: Sequence[Column]) -> str:
    """Return the table as text, in columns."""
    rows = _rows(columns)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join(["  ".join(line).rstrip() for line in lines])


def _rows(columns: Sequence[Column]) -> list[Row]:
    """Return the head and a row a feature; kinds with which everything is the same share a column."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for column in columns:
        alike.setdefault(tuple(column.standings.values()), []).append(column.name)
    heads = ("", *[", ".join(names) for names in alike.values()])
    features = columns[0].standings
    return [heads, *[(name, *cells) for name, *cells in zip(features, *alike, strict=True)]]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
