"""What a model can, as far as its name says: generations of Gemini differ in how they are told to think and in what they want back."""

from __future__ import annotations

import re
from typing import Final

import attrs

_VERSION: Final = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
# "gemini-flash-latest" moves along with time.
_LATEST: Final = re.compile(r"gemini-[a-z-]+-latest")
_SIGNED: Final = (3, 0)
_THINKING: Final = (2, 5)


@attrs.frozen
class Generation:
    """A model as its name describes it.

    Attributes:
        version: (2, 5) for "gemini-2.5-flash"; None for a name that tells none (Gemma, a tuned model).
        is_pro: Whether it is one of those that always think.
    """

    version: tuple[int, int] | None
    is_pro: bool

    @property
    def wants_signatures(self) -> bool:
        """Whether calls of tools without their thought signatures are refused, levels stand for budgets, and results may hold pictures: from 3 on."""
        return self.version is not None and self.version >= _SIGNED

    @property
    def has_budgets(self) -> bool:
        """Whether it is told by a budget of tokens how hard to think; 2.5."""
        return self.version is not None and _THINKING <= self.version < _SIGNED

    @property
    def never_thinks(self) -> bool:
        """Whether it is older than thinking."""
        return self.version is not None and self.version < _THINKING


def generation_of(model: str) -> Generation:
    """Return what the name of a model says."""
    is_pro = "-pro" in model
    found = _VERSION.search(model)
    if found is not None:
        return Generation((int(found[1]), int(found[2] or 0)), is_pro)
    return Generation(_SIGNED if _LATEST.search(model) else None, is_pro)
