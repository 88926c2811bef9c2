"""No server keeps us waiting: what takes too long is cut."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from .opening import Connection

T = TypeVar("T")


async def bounded(connection: Connection, work: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
    """Await something that a connection does.

    Past the time, or when nobody waits any more, the connection is cut: psycopg would ask the server to stop and wait for its answer, which one that
    hangs does not give.

    Args:
        connection: The connection.
        work: What it does.
        seconds: How long that may take; None for as long as somebody waits.

    Raises:
        TimeoutError: It took too long.
    """
    task = asyncio.ensure_future(work)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(task)
    except (TimeoutError, asyncio.CancelledError):
        _cut(connection)
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # that the connection is gone
        raise


def _cut(connection: Connection) -> None:
    """Shut the socket down, not its descriptor: whoever waits for it hears that it has ended."""
    with suppress(OSError):
        descriptor = os.dup(connection.fileno())
        with socket.socket(fileno=descriptor) as own:
            own.shutdown(socket.SHUT_RDWR)
