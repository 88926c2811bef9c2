"""What becomes of a text before it is embedded: its prefix, and the pieces it is cut into when it is too long."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from ...messages.embedding import EmbedInput, EmbedTask
from ...messages.settings import EmbeddingSettings
from .models import base_name

# Where a text may be cut, best first: between paragraphs, lines, sentences, words.
_SEAMS: Final = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    # Chinese and Japanese sentences have no blank behind them.
    re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])"),
    re.compile(r"\s+"),
)
# A seam is looked for in the last third of a piece.
_LOOK_BACK: Final = 3


@attrs.frozen(kw_only=True)
class Piece:
    """A part of an input that is embedded in one go.

    Attributes:
        index: Number of the input it belongs to.
        content: The part, its prefix included.
    """

    index: int
    content: EmbedInput


def prefix_for(model: str, task: EmbedTask, settings: EmbeddingSettings) -> str:
    """Return what the model wants written before a text; "" for one that wants nothing."""
    if not settings.prefix_injection:
        return ""
    prefixes = settings.prefix_registry.get(base_name(model))
    if prefixes is None:
        return ""
    return prefixes.query if task == "query" else prefixes.document


def pieces_of(index: int, content: EmbedInput, prefix: str, most: int | None) -> list[Piece]:
    """Return an input as pieces of at most `most` characters (or tokens), the prefix before each; None for no limit.

    The pieces of one input are about equally long, so that each weighs the same when their vectors are averaged.
    """
    if isinstance(content, tuple):
        return [Piece(index=index, content=content[start:end]) for start, end in _even_cuts(len(content), most)]
    room = None if most is None else max(1, most - len(prefix))
    return [Piece(index=index, content=prefix + part) for part in _parts(content, room)]


def shorter(content: EmbedInput, prefix: str, share: float) -> tuple[EmbedInput, int]:
    """Return an input's piece without its prefix, and `share` of its length: what to cut it into after it was found too long."""
    bare = content.removeprefix(prefix) if isinstance(content, str) else content
    return bare, max(1, math.floor(len(bare) * share))


def _parts(text: str, most: int | None) -> Iterator[str]:
    if most is None or len(text) <= most:
        yield text
        return
    start = 0
    while start < len(text):
        left = len(text) - start
        size = math.ceil(left / math.ceil(left / most))
        end = len(text) if left <= most else _seam(text, start, start + size)
        part = text[start:end].strip()
        if part:
            yield part
        start = end


def _seam(text: str, start: int, end: int) -> int:
    """Return where to cut at or before `end`; in the middle of a word where there is no other place."""
    earliest = end - (end - start) // _LOOK_BACK
    for seam in _SEAMS:
        found = [match.end() for match in seam.finditer(text, earliest, end)]
        if found:
            return found[-1]
    return end


def _even_cuts(length: int, most: int | None) -> Sequence[tuple[int, int]]:
    count = 1 if most is None else math.ceil(length / most)
    size = math.ceil(length / count)
    return [(start, min(start + size, length)) for start in range(0, length, size)]
