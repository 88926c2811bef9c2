"""One request of the fleet at its gateway, from its publication to the last word about it."""

from __future__ import annotations

import asyncio
from typing import Final

from ...messages.chat import Chunk
from ...messages.errors import LegionError
from ...messages.fleet import FleetCredit, FleetError, FleetFrame, FleetReply, FleetRequest, FleetResponse
from ...messages.fleet_codes import FleetCode, FleetFault
from ...runtime import Sink
from .envelopes import Terms
from .faults import broken_stream, error_of, never_begun
from .port import GatewayLink, Parcel, Published, Wire
from .reassembly import Reassembly

# Seconds for which frames may come after the word that they are all there.
_STRAGGLERS: Final = 2.0

# Words of a worker without a request that it has begun, after which its answer is taken for lost: the last word may have been on its way.
_MISSES: Final = 2

# Seconds after which workers that were full may well take something; for those who have nobody else to ask.
_BUSY_SECONDS: Final = 0.5

_TROUBLE: Final[dict[Published, tuple[FleetCode, str]]] = {
    Published.UNROUTABLE: (FleetCode.NO_FLEET_QUEUE, "no worker takes requests from {lane}"),
    Published.NACKED: (FleetCode.FLEET_BACKPRESSURE, "all workers of {lane} have enough to do"),
    Published.CONFIRM_TIMEOUT: (
        FleetCode.FLEET_PUBLISH_TIMEOUT,
        "nobody has confirmed the request within {timeout:g} s",
    ),
    Published.FAILED: (FleetCode.FLEET_PUBLISH_FAILED, "the connection to the broker is lost"),
}


class Exchange:
    """One request: what has been heard of it waits here for the task that asked.

    Attributes:
        request: The request.
        worker: Who works on it, or None while nobody has said so.
        is_over: Whether a worker has said its last word, or nobody has taken it: there is nothing to cancel.
    """

    def __init__(self, request: FleetRequest, terms: Terms, instance: str) -> None:
        self.request = request
        self.worker: str | None = None
        self.is_over = False
        self._terms = terms
        self._instance = instance
        self._heard: asyncio.Queue[FleetReply | FleetFault] = asyncio.Queue()
        self._frames = Reassembly()
        self._misses = 0

    def hear(self, said: FleetReply) -> bool:
        """Take a reply; False for one that was made for another request."""
        if said.request_id != self.request.request_id:
            return False
        self.worker = said.worker
        self._heard.put_nowait(said)
        return True

    def lost(self, worker: str) -> None:
        """Hear that a worker is gone."""
        if self.worker == worker:
            why = f"worker {worker} has said nothing for too long"
            self._heard.put_nowait(FleetFault(FleetCode.WORKER_LOST, why))

    def told(self, worker: str, working: tuple[str, ...]) -> None:
        """Hear what a worker works on: if this is not among it, twice, its last word was lost on the way."""
        if self.worker != worker or self.request.correlation_id in working:
            self._misses = 0
            return
        self._misses += 1
        if self._misses == _MISSES:
            why = f"worker {worker} has done with it, and its answer was lost"
            self._heard.put_nowait(FleetFault(FleetCode.WORKER_LOST, why))

    async def publish(self, link: GatewayLink, parcel: Parcel, timeout: float) -> None:
        """Leave the request with the broker.

        Raises:
            LegionError: Nobody took it, or nobody knows.
        """
        result = await link.publish(parcel, timeout)
        if result is Published.ACCEPTED:
            return
        self.is_over = result is not Published.CONFIRM_TIMEOUT
        code, words = _TROUBLE[result]
        wait = _BUSY_SECONDS if result is Published.NACKED else None
        raise self._error(FleetFault(code, words.format(lane=parcel.lane, timeout=timeout), retry_after=wait))

    async def answer(self) -> FleetResponse:
        """Wait for the answer to what is not streamed.

        Raises:
            LegionError: Why there is none.
        """
        try:
            async with asyncio.timeout(self._terms.wait):
                while True:
                    said = await self._next()
                    if isinstance(said, FleetResponse):
                        return said
        except TimeoutError:
            raise self._silent(f"no answer within {self._terms.wait:g} s") from None

    async def relay(self, sink: Sink, link: GatewayLink, wire: Wire) -> FleetResponse:
        """Hand on the frames of a stream in order, and return its last word.

        Raises:
            LegionError: Why the stream is not complete.
        """
        last: FleetResponse | None = None
        spent, half = 0, max(1, self.request.credits // 2)
        while last is None or not self._frames.is_complete:
            said = await self._next_of_stream(last)
            if isinstance(said, FleetResponse):
                last = said
                self._frames.finish(said.frames)
                continue
            assert isinstance(said, FleetFrame)
            for chunk in self._take(said):
                await sink.send(chunk)
            spent += 1
            if spent >= half:
                credit = FleetCredit(correlation_id=self.request.correlation_id, credits=spent)
                await link.signal(said.worker, wire.pack(credit))
                spent = 0
        return last

    def _take(self, frame: FleetFrame) -> list[Chunk]:
        try:
            return [*self._frames.add(frame.sequence, frame.chunks)]
        except ValueError as error:
            raise broken_stream(self._instance, self.request.model, str(error)) from error

    async def _next_of_stream(self, last: FleetResponse | None) -> FleetReply:
        limit = self._terms.wait if last is None else _STRAGGLERS
        try:
            async with asyncio.timeout(limit):
                return await self._next()
        except TimeoutError:
            if last is not None:
                missing = f"of {last.frames} frames only {self._frames.received} came"
                raise broken_stream(self._instance, self.request.model, missing) from None
            if self._frames.received == 0:
                raise self._silent(f"no worker has begun within {limit:g} s") from None
            raise broken_stream(self._instance, self.request.model, f"nothing came for {limit:g} s") from None

    async def _next(self) -> FleetReply:
        """Return what is heard next.

        Raises:
            LegionError: It is an error.
        """
        said = await self._heard.get()
        if isinstance(said, FleetFault):
            if self._frames.received and said.code is not FleetCode.WORKER_LOST:
                raise broken_stream(self._instance, self.request.model, str(said))
            raise self._error(said)
        self.is_over = isinstance(said, (FleetResponse, FleetError))
        if isinstance(said, FleetError):
            raise error_of(said, instance=self._instance, model=self.request.model)
        return said

    def _error(self, fault: FleetFault) -> LegionError:
        return error_of(fault, instance=self._instance, model=self.request.model)

    def _silent(self, why: str) -> LegionError:
        if self.worker is None:
            return never_begun(self._instance, self.request.model, why)
        return self._error(FleetFault(FleetCode.FLEET_TIMEOUT, why))
