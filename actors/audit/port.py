"""The ports through which the record reaches what outlives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...messages.audit import AuditEvent, AuditQuery


class AuditSink(Protocol):
    """Somewhere that events go."""

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Keep the events; returns when they are as durable as this sink makes them. An event whose id is there already is left as it is.

        Raises:
            StoreError: They were not kept, or nobody knows; they may be given again.
        """

    async def aclose(self) -> None:
        """Let go of what is held open for this sink alone."""


class AuditStore(AuditSink, Protocol):
    """A sink that can be asked."""

    async def events(self, query: AuditQuery) -> tuple[AuditEvent, ...]:
        """Return events in order of time and id.

        Raises:
            StoreError: They cannot be read now.
        """
