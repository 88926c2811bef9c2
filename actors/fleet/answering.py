"""What a worker says to those who wait for a request."""

from __future__ import annotations

import asyncio
from typing import Final

import attrs

from ...messages.chat import Chunk
from ...messages.errors import LegionError
from ...messages.fleet import FleetError, FleetFrame, FleetReply, FleetRequest, FleetResponse
from ...messages.fleet_codes import FleetCode, FleetFault
from ...messages.unstreamed import chunks_of
from .job import Job
from .port import Published, Wire, WorkerLink

# Tries to send a last word, and seconds between two.
_TRIES: Final = 12
_PAUSE: Final = 0.25


class Answering:
    """Packs replies and sends them.

    Attributes:
        replayed: Requests that were answered with what came of the same one before.
        unheard: Last words that nobody took.
    """

    def __init__(self, worker: str, link: WorkerLink, wire: Wire) -> None:
        self._worker = worker
        self._link = link
        self._wire = wire
        self.replayed = 0
        self.unheard = 0

    async def frame(self, job: Job, chunks: tuple[Chunk, ...]) -> None:
        """Send a frame to whoever reads, as soon as it may be sent; the first one, of any request, is empty and says that it is begun."""
        if chunks and not await job.may_send():
            return
        reader = job.reader
        if reader is None:
            return
        frame = self._frame(reader, job.frames, chunks)
        job.frames += 1
        if await self._send(reader, frame) is Published.UNROUTABLE:
            job.leave(reader.correlation_id)

    async def succeed(self, job: Job, said: FleetResponse) -> FleetResponse:
        """Tell all who wait what came of it, and return that."""
        said = attrs.evolve(said, worker=self._worker, frames=job.frames)
        for each in tuple(job.waiting.values()):
            if each is job.request:
                await self._send_at_last(each, said)
            else:
                await self.replay(each, said)
        return said

    async def fail(self, job: Job, code: FleetCode, why: str, error: LegionError | None = None) -> None:
        """Tell all who wait why nothing comes of it."""
        for each in tuple(job.waiting.values()):
            await self.refuse(each, code, why, error)

    async def replay(self, request: FleetRequest, said: FleetResponse) -> None:
        """Answer with what came of the same request before."""
        self.replayed += 1
        frames = 0
        if request.operation == "stream" and said.answer is not None:
            await self._send(request, self._frame(request, 0, tuple(chunks_of(said.answer))))
            frames = 1
        again = attrs.evolve(
            said,
            request_id=request.request_id,
            correlation_id=request.correlation_id,
            frames=frames,
            message_context=request.message_context,
            replayed=True,
        )
        await self._send_at_last(request, again)

    async def refuse(self, request: FleetRequest, code: FleetCode, why: str, error: LegionError | None = None) -> None:
        """Say why a request is not answered."""
        await self._send_at_last(request, self._error(request, code, why, error))

    def _frame(self, request: FleetRequest, sequence: int, chunks: tuple[Chunk, ...]) -> FleetFrame:
        return FleetFrame(
            request_id=request.request_id,
            correlation_id=request.correlation_id,
            worker=self._worker,
            sequence=sequence,
            chunks=chunks,
        )

    def _error(self, request: FleetRequest, code: FleetCode, why: str, error: LegionError | None = None) -> FleetError:
        return FleetError(
            request_id=request.request_id,
            correlation_id=request.correlation_id,
            worker=self._worker,
            code=code,
            message=why,
            error=None if error is None else type(error).__name__,
            retry_after=None if error is None else error.retry_after,
            message_context=request.message_context,
        )

    async def _send_at_last(self, request: FleetRequest, said: FleetReply) -> None:
        """Send a last word; a gateway that is away for a moment shall not wait for it in vain."""
        for _ in range(_TRIES):
            if await self._send(request, said) is Published.ACCEPTED:
                return
            await asyncio.sleep(_PAUSE)
        self.unheard += 1

    async def _send(self, request: FleetRequest, said: FleetReply) -> Published:
        try:
            body = self._wire.pack(said)
        except FleetFault as fault:
            body = self._wire.pack(self._error(request, fault.code, str(fault)))
        return await self._link.reply(request.reply_to, request.correlation_id, body)
