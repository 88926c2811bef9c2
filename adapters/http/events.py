"""A streamed answer as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from starlette.types import Send

from ...messages.chat import Chunk, ChunkKind, Response, Usage
from ...messages.errors import LegionError
from ...runtime import Stream
from ..dialects.openai_responses import ResponsesStreamRenderer
from ..dialects.protocol import StreamRenderer
from .identity import begun_headers
from .recall import AnswerKeeper
from .waiting import unless_stopped

_HEADERS: Final = (
    (b"cache-control", b"no-cache"),
    # nginx would hold events back until it has a buffer full of them.
    (b"x-accel-buffering", b"no"),
)


class EventRelay:
    """Passes one answer on, piece by piece, as it comes.

    Args:
        stream: The answer.
        renderer: Turns its chunks into events.
        send: The exchange's.
        headers: What the answer's head says beside what every stream says.
        comment_interval: Seconds of silence after which a comment is sent, where the framing knows any.
        keeper: Keeps the whole answer before its last words are sent, or None.

    Attributes:
        usage: What the answer used, once it has been relayed; None before that, and for one that failed.
    """

    def __init__(
        self,
        stream: Stream[Chunk, Response],
        renderer: StreamRenderer,
        send: Send,
        *,
        headers: Iterable[tuple[bytes, bytes]],
        comment_interval: float,
        keeper: AnswerKeeper | None = None,
    ) -> None:
        self._stream = stream
        self._renderer = renderer
        self._send = send
        self._headers = (*_HEADERS, *headers)
        self._interval = comment_interval
        self._keeper = keeper
        self._loop = asyncio.get_running_loop()
        self._sent_at = 0.0
        self.usage: Usage | None = None

    async def run(self) -> None:
        """Relay the whole answer, a failure after its start included.

        Raises:
            LegionError: It failed before anything was sent, so that there is still a status to say so.
        """
        chunks = await unless_stopped(self._stream.read_many())
        framing = self._renderer.framing
        headers = [
            (b"content-type", framing.content_type),
            *self._headers,
            *begun_headers(chunks[0] if chunks else None),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        self._sent_at = self._loop.time()
        ticker = self._loop.create_task(self._tick(framing.keep_alive)) if framing.keep_alive else None
        try:
            closing = await self._relay(chunks)
        finally:
            if ticker is not None:
                ticker.cancel()
        await self._write(closing, more=False)

    async def _relay(self, chunks: list[Chunk]) -> bytes:
        """Relay chunks until there are no more; returns the closing events."""
        render, last = self._renderer.render, b""
        try:
            while chunks:
                events = b"".join([render(chunk) for chunk in chunks])
                if self._keeper is not None and (last or chunks[-1].kind is ChunkKind.END):
                    last += events  # that the answer is whole is heard when it is kept
                else:
                    await self._write(events)
                chunks = await unless_stopped(self._stream.read_many())
            response = await self._stream.reply
            self.usage = response.usage
            closing = self._renderer.end(response)
        except LegionError as error:
            return last + self._renderer.fail(error)
        if self._keeper is not None:
            assert isinstance(self._renderer, ResponsesStreamRenderer)
            await unless_stopped(self._keeper.keep(response, self._renderer.answer))
        return last + closing

    async def _write(self, events: bytes, *, more: bool = True) -> None:
        if events or not more:
            self._sent_at = self._loop.time()
            await self._send({"type": "http.response.body", "body": events, "more_body": more})

    async def _tick(self, comment: bytes) -> None:
        """Break every long silence."""
        while True:
            due = self._sent_at + self._interval
            if due <= self._loop.time():
                await self._write(comment)
            else:
                await asyncio.sleep(due - self._loop.time())
