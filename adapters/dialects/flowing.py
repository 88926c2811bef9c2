"""What parsers of streams have in common that read events one after the other into a `BlockFlow`."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from ...messages.chat import Chunk
from .block_flow import BlockFlow

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Decoder(Protocol[E_co]):
    """Turns bytes into events, however they are cut."""

    def feed(self, data: bytes) -> Iterator[E_co]:
        """Return the events that `data` completes."""


class FlowParser(abc.ABC, Generic[E]):
    """See `StreamParser`; a dialect says what an event means, and what an end is.

    Args:
        events: Tells events apart.
        flow: Collects the chunks.
    """

    __slots__ = ("_events", "_finished", "_flow")

    def __init__(self, events: Decoder[E], flow: BlockFlow) -> None:
        self._events = events
        self._flow = flow
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether the last event of the answer has been read."""
        return self._finished

    def feed(self, data: bytes) -> list[Chunk]:
        """Return the chunks that `data` completes; what follows the last event is ignored.

        Raises:
            UpstreamError: The provider sent an error as an event, or something unreadable.
        """
        if self._finished:
            return []
        for event in self._events.feed(data):
            if self._ends_with(event):
                break
        return self._flow.take()

    def take(self) -> list[Chunk]:
        """Return the chunks that came before an error that `feed` has raised."""
        return self._flow.take()

    @abc.abstractmethod
    def close(self) -> None:
        """Say that no more bytes come.

        Raises:
            StreamBrokenError: The answer has not ended.
        """

    @abc.abstractmethod
    def _ends_with(self, event: E) -> bool:
        """Read one event, and return whether it was the last."""
