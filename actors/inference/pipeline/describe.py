"""The table of the pipeline in words, for the documentation and for whoever asks on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ....messages.caller import Profile
from .step import Step

_HEADS: Final = ("", "step", "phase", "on failure", "not taken by", "what it does")
_WHOLE: Final = "nobody is spared it"


def markdown(table: Iterable[Step]) -> str:
    """Return the table as Markdown."""
    lines = [_line(_HEADS), _line("---" for _ in _HEADS)]
    lines += [_line((str(number), f"`{step.name}`", *_cells(step))) for number, step in enumerate(table, 1)]
    return "\n".join(lines) + "\n"


def plain(table: Iterable[Step]) -> str:
    """Return the table as text, one step a paragraph."""
    return "\n".join(
        f"{number:2} {step.name} ({step.phase}, {step.on_failure})\n   {_does(step)}\n   not taken by: {_skippers(step) or _WHOLE}"
        for number, step in enumerate(table, 1)
    )


def _cells(step: Step) -> Iterator[str]:
    yield step.phase
    yield step.on_failure
    yield _skippers(step)
    yield _does(step)


def _does(step: Step) -> str:
    """The first paragraph of the docstring of what it runs."""
    paragraph = (step.run.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split())


def _skippers(step: Step) -> str:
    return ", ".join(profile for profile in Profile if profile in step.skipped_by)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
