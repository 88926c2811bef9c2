"""Waiting for the actors' answer while the client may leave and the server may stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

from starlette.types import Scope

from ...messages.errors import SystemNotRunning

T = TypeVar("T")

CONNECTION: Final = "legion_llm.connection"


async def unless_stopped(awaitable: Awaitable[T]) -> T:
    """Wait for something.

    Raises:
        SystemNotRunning: The server stops and has cancelled this exchange: that is an answer, too, and the client gets it.
    """
    try:
        return await awaitable
    except asyncio.CancelledError:
        raise SystemNotRunning("the gateway is shutting down") from None


class Connection(Protocol):
    """What the server tells about the client's connection; it stands in the scope, under `CONNECTION`.

    ASGI's own way, another `receive`, would take a task for every request.

    Attributes:
        is_lost: Whether it has ended.
        has_whole_body: Whether the body of the request has arrived, so that nobody has to wait for it.
        on_lost: Called when it ends.
    """

    is_lost: bool
    has_whole_body: bool
    on_lost: Callable[[], object] | None


class DisconnectWatch:
    """Gives up the work for a client as soon as the client leaves; and, whatever happens, at the end of the `with` block.

    Args:
        scope: The request's.
        give_up: Stops the work; does nothing where it is finished.
    """

    __slots__ = ("_connection", "_give_up")

    def __init__(self, scope: Scope, give_up: Callable[[], object]) -> None:
        self._connection: Connection = scope[CONNECTION]
        self._give_up = give_up

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self._connection.is_lost

    def __enter__(self) -> Self:
        self._connection.on_lost = self._give_up
        if self._connection.is_lost:
            self._give_up()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._connection.on_lost = None
        self._give_up()
