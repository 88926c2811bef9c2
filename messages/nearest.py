"""Which word was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return the end of an error message: the valid word that was probably meant, else all of them."""
    words = sorted(valid)
    close = get_close_matches(word.lower(), words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"valid are {', '.join(words)}"
