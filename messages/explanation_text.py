"""An explanation as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .explanation import Explanation, Ranked, RuleVerdict

_HEAD: Final = ("", "target", "tier", "chosen by", "score", "priority", "health", "cost", "est. USD")
_LEFT: Final = frozenset({1, 2, 3})
_UNKNOWN: Final = "unknown"


def explanation_text(told: Explanation) -> str:
    """Return the explanation as tables: candidates, what was left out, rules."""
    return "\n".join(_lines(told))


def _lines(told: Explanation) -> Iterator[str]:
    yield f"strategy: {told.strategy}"
    yield f"intent: {', '.join(f'{key}={word}' for key, word in told.intent.items()) or 'none'}"
    for what, whence in told.constraints:
        yield f"constraint: {what} (from {whence})"
    if told.error is not None:
        yield f"error: {told.error}"
    if told.candidates:
        yield from _section("candidates, in the order in which they are tried", _candidates(told.candidates))
    if told.rejected:
        rows = [(each.subject, each.text) for each in told.rejected]
        yield from _section("left out", _aligned(rows, frozenset({0, 1})))
    if told.rules:
        verdicts = [(each.name, _verdict(each), f"({each.note})" if each.note else "") for each in told.rules]
        yield from _section("rules", _aligned(verdicts, frozenset({0, 1, 2})))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"{title}:"
    for line in lines:
        yield f"  {line}"


def _candidates(candidates: Sequence[Ranked]) -> Iterator[str]:
    rows = [_HEAD, *(_row(place, each) for place, each in enumerate(candidates, 1))]
    return _aligned(rows, _LEFT)


def _row(place: int, each: Ranked) -> tuple[str, ...]:
    return (
        str(place),
        str(each.target),
        each.target.tier,
        _chosen_by(each),
        f"{each.score:g}",
        f"{each.priority:g}",
        f"{each.health:g}"
        + (f"{each.probe:+g} (the probe)" if each.probe else "")
        + (" (waits)" if each.waits else ""),
        f"{each.cost:g}",
        _UNKNOWN if each.usd is None else f"{each.usd:.6f}" + (" (guess)" if each.price_source == "guess" else ""),
    )


def _chosen_by(each: Ranked) -> str:
    return f"{each.source} {each.target.rule}" if each.target.rule else str(each.source)


def _verdict(each: RuleVerdict) -> str:
    if each.rejection is not None:
        text = each.rejection.text
        return text if each.rejection.subject == each.name else f"{each.rejection.subject}: {text}"
    return "its constraint holds" if each.place is None else f"place {each.place}"


def _aligned(rows: Sequence[Sequence[str]], left: frozenset[int]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
