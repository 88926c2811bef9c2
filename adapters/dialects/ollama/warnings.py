"""What could not be carried, each thing said once."""

from __future__ import annotations


class Warnings:
    """Texts in order of first mention."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def add(self, text: str) -> None:
        """Note what was lost."""
        self._texts[text] = None

    def all(self) -> tuple[str, ...]:
        """Return the texts."""
        return tuple(self._texts)
