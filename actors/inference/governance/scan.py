"""How secret a request is: what is found in its texts, and what replaces it."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from ....messages.terms import Level
from .patterns import CORE, EMAIL, EXTENDED, STRONG_WORDS, WEAK_WORDS

# So many words that medicine shares with others make medicine.
_ENOUGH_WEAK: Final = 2


@attrs.frozen(kw_only=True)
class Findings:
    """What was found, counted; the texts themselves are not kept.

    Attributes:
        pii: Kind of personal data -> how often.
        phi: Words of medicine, in lower case, sorted.
    """

    pii: Mapping[str, int]
    phi: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.pii or self.phi)

    def level(self, declared: Level) -> Level:
        """Return how secret a request is that its caller calls `declared`: never less than that."""
        return Level.RESTRICTED if self else declared


@attrs.frozen(kw_only=True)
class Scanner:
    """Looks for personal and medical data.

    Attributes:
        is_strict: Whether the extended set counts, too.
        emails_count: Whether an e-mail address counts where nothing else is found.
        placeholder: What `redacted` puts in the place of what is found.
    """

    is_strict: bool = False
    emails_count: bool = False
    placeholder: str = "[REDACTED]"

    def scan(self, texts: Iterable[str]) -> Findings:
        """Return what is found in the texts together."""
        pii: collections.Counter[str] = collections.Counter()
        strong: set[str] = set()
        weak: set[str] = set()
        for text in texts:
            for kind, pattern in self._patterns():
                pii[kind] += sum(1 for _ in pattern.finditer(text))
            strong.update(match.group().lower() for match in STRONG_WORDS.finditer(text))
            weak.update(match.group().lower() for match in WEAK_WORDS.finditer(text))
        phi = strong | weak if strong or len(weak) >= _ENOUGH_WEAK else set()
        found = {kind: count for kind, count in pii.items() if count}
        if found.keys() == {EMAIL} and not phi and not self.emails_count:
            found = {}
        return Findings(pii=found, phi=tuple(sorted(phi)))

    def redacted(self, text: str) -> str:
        """Return the text with everything replaced that may count: patterns, and words of medicine as whole words."""
        for _, pattern in self._patterns():
            text = pattern.sub(lambda _match: self.placeholder, text)
        for words in (STRONG_WORDS, WEAK_WORDS):
            text = words.sub(lambda _match: self.placeholder, text)
        return text

    def _patterns(self) -> Iterable[tuple[str, re.Pattern[str]]]:
        return (*CORE.items(), *EXTENDED.items()) if self.is_strict else CORE.items()
