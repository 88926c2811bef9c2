"""The port through which actors speak to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Announcer(Protocol):
    """Where lines for people go."""

    def announce(self, lines: Sequence[str]) -> None:
        """Take the lines; never blocks."""
