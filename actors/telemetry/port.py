"""The port through which what happened reaches those who trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs

from ...messages.audit import RequestFinished
from ...messages.routing import AttemptFinished


@attrs.frozen(kw_only=True)
class Strand:
    """A request that has ended, with its attempts in the order in which they ended."""

    request: RequestFinished
    attempts: tuple[AttemptFinished, ...] = ()


class Recorder(Protocol):
    """Makes spans and measurements."""

    async def record(self, strands: Sequence[Strand]) -> None:
        """Make them of these requests."""

    async def aclose(self) -> None:
        """Make no more."""
