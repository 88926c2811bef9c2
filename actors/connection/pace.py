"""How long an answer takes, of late."""

from __future__ import annotations

from typing import Final

# How much the newest counts: the last twenty or so make the mean.
_NEWEST: Final = 0.1


class Pace:
    """The moving mean of an instance's answers.

    Attributes:
        seconds: The mean; 0.0 before the first answer.
    """

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0

    def took(self, seconds: float) -> None:
        """Count one answer."""
        self.seconds += (seconds - self.seconds) * (_NEWEST if self.seconds else 1.0)
