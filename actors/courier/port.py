"""The ports of the courier: where events wait, and who takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import attrs


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened, as it is told outside.

    Attributes:
        id: Unique for ever: what is told twice is handed on once.
        exchange: Of whom it is told ("llm.metering").
        key: Under which ("metering.chat").
        body: JSON.
        headers: Texts, for those who choose without reading.
        at: Unix seconds.
    """

    id: str
    exchange: str
    key: str
    body: str
    headers: Mapping[str, str] = attrs.field(factory=dict)
    at: float = 0.0


class Spool(Protocol):
    """Where events wait until they are handed on; it outlives the process."""

    async def append(self, events: Sequence[Event]) -> None:
        """Keep events; returns when they are durable. One whose id was ever there is left as it is, handed on or not.

        Raises:
            StoreError: They were not kept, or nobody knows; they may be given again.
        """

    async def due(self, most: int) -> tuple[Event, ...]:
        """Return events that are not handed on, oldest first.

        Raises:
            StoreError: They cannot be read now.
        """

    async def handed(self, ids: Sequence[str]) -> None:
        """Remember that events were handed on.

        Raises:
            StoreError: That was not kept: they will be handed on again, under the same id.
        """

    async def arrived(self) -> None:
        """Wait until something was appended since the last call."""

    async def aclose(self) -> None:
        """Let go of what is held open. May be called twice."""


class Outside(Protocol):
    """Who takes events."""

    @property
    def is_there(self) -> bool:
        """Whether something could be handed on now."""

    async def open(self) -> None:
        """Connect, or begin to try."""

    async def hand(self, event: Event) -> bool:
        """Hand an event on; returns whether it was taken, for good."""

    async def aclose(self) -> None:
        """Disconnect. May be called twice."""
