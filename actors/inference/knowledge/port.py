"""The ports to those who know something that a request does not say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ....messages.advice import Advice
from ....messages.chat import Request
from ....messages.knowledge import Knowledge, KnowledgeWanted


class Retriever(Protocol):
    """Finds what may help with a request."""

    async def retrieve(self, wanted: KnowledgeWanted) -> Sequence[Knowledge]:
        """Return entries, those that fit best first.

        Raises:
            HostError: It failed.
        """


class Advisor(Protocol):
    """Says how a request is best answered."""

    async def advise(self, request: Request) -> Advice | None:
        """Return what is advised, or None for nothing.

        Raises:
            HostError: It failed.
        """
