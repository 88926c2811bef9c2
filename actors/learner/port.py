"""The port to whoever keeps what was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...messages.learning import Learned


class Learner(Protocol):
    """Keeps what answers have said, to know it another time."""

    async def learn(self, learned: Sequence[Learned]) -> None:
        """Keep what one answer has said.

        Raises:
            HostError: It failed.
        """
