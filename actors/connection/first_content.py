"""When a stream has begun to answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from ...messages.chat import Chunk
from ...runtime import Sink


class FirstContent:
    """Stands before a sink until the first content has come, and steps aside then: `send` becomes the sink's own.

    How long a whole stream takes is up to its reader, too; how long its first content takes is the provider's doing.

    Attributes:
        send: Hands over one chunk.
        at: Monotonic moment of the first content, or None.
    """

    __slots__ = ("_now", "_sink", "at", "send")

    def __init__(self, sink: Sink, now: Callable[[], float]) -> None:
        self._sink = sink
        self._now = now
        self.at: float | None = None
        self.send: Callable[[Chunk], Coroutine[Any, Any, None]] = self._send_first

    async def _send_first(self, chunk: Chunk) -> None:
        if chunk.is_content:
            self.at = self._now()
            self.send = self._sink.send
        await self._sink.send(chunk)
