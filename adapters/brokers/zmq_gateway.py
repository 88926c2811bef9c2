"""The embedded broker, at a gateway: one socket to which all workers connect. Nothing runs between the two."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ...actors.fleet.port import Parcel, Published
from ...messages.errors import StartFailed
from ...messages.ids import random_hex
from ..admittance import Admittance
from .zmq_frames import ACCEPTED, ELSEWHERE, REFUSED, REQUEST, SAID, SIGNAL, Keys, tended

if TYPE_CHECKING:
    from zmq.asyncio import Context, Socket

_FRAMES_HEARD: Final = 4

_VERDICTS: Final = {
    ACCEPTED: Published.ACCEPTED,
    REFUSED: Published.NACKED,
    ELSEWHERE: Published.UNROUTABLE,
}


class ZmqGatewayLink:
    """Implements `actors.fleet.port.GatewayLink` with a ROUTER socket.

    A request goes to the best worker that takes it; the worker's own word, that it has a place for it, is the confirmation.

    Args:
        address: Where workers connect: "tcp://HOST:PORT", "tcp://HOST:*" for any port that is free, or "ipc://PATH".
        keys: CURVE keys, for an address that other machines reach.
    """

    def __init__(self, address: str, keys: Keys | None = None) -> None:
        self._address = address
        self._keys = keys
        self.reply_lane = f"llm.fleet.reply.{random_hex(16)}"
        self.endpoint = address
        self._context: Context | None = None
        self._socket: Socket | None = None
        self._admittance: Admittance | None = None
        self._reading: asyncio.Task[None] | None = None
        self._verdicts: dict[bytes, asyncio.Future[Published]] = {}
        self._workers: set[bytes] = set()

    @property
    def is_connected(self) -> bool:
        """Whether it is bound; see the port."""
        return self._socket is not None

    async def open(self, heard: Callable[[bytes], None]) -> None:
        """Bind; see the port."""
        import zmq  # noqa: PLC0415 - loaded where there is a fleet
        import zmq.asyncio  # noqa: PLC0415 - likewise

        self._context = zmq.asyncio.Context()
        socket = tended(self._context.socket(zmq.ROUTER))
        socket.router_mandatory = True
        socket.router_handover = True
        if self._keys is not None:
            self._admittance = Admittance(self._context, self._keys.secret, self._keys.allowed, "fleet.secret_key")
            self._admittance.guard(socket)
        try:
            socket.bind(self._address)
        except zmq.ZMQError as error:
            await self.aclose()
            raise StartFailed(f"the fleet cannot listen at {self._address}: {error}") from error
        self.endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")
        self._socket = socket
        self._reading = asyncio.get_running_loop().create_task(self._read(socket, heard))

    async def publish(self, parcel: Parcel, timeout: float) -> Published:
        """Offer a request to its workers one after the other; see the port."""
        result = Published.UNROUTABLE
        try:
            async with asyncio.timeout(timeout):
                for worker in parcel.workers:
                    verdict = await self._ask(worker.encode(), parcel)
                    if verdict is not Published.UNROUTABLE:
                        result = verdict
                    if verdict is Published.ACCEPTED:
                        break
        except TimeoutError:
            return Published.CONFIRM_TIMEOUT
        return result

    async def signal(self, worker: str | None, body: bytes) -> None:
        """Send a word to one worker, or to all; see the port."""
        for each in [worker.encode()] if worker is not None else tuple(self._workers):
            await self._send([each, SIGNAL, b"", b"", b"", body])

    async def aclose(self) -> None:
        """Close the socket; see the port."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait((self._reading,))
            self._reading = None
        self._socket = None
        if self._admittance is not None:
            self._admittance.stop()
            self._admittance = None
        if self._context is not None:
            self._context.destroy(linger=0)
            self._context = None

    async def _ask(self, worker: bytes, parcel: Parcel) -> Published:
        """Offer a request to one worker, and wait for its verdict."""
        key = parcel.correlation_id.encode()
        verdict: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
        self._verdicts[key] = verdict
        try:
            sent = await self._send([worker, REQUEST, key, parcel.reply_to.encode(), parcel.lane.encode(), parcel.body])
            return await verdict if sent is Published.ACCEPTED else sent
        finally:
            del self._verdicts[key]

    async def _send(self, frames: list[bytes]) -> Published:
        import zmq  # noqa: PLC0415 - as above

        if self._socket is None:
            return Published.FAILED
        try:
            await self._socket.send_multipart(frames, flags=zmq.DONTWAIT)
        except zmq.ZMQError as error:
            if error.errno == zmq.EHOSTUNREACH:
                self._workers.discard(frames[0])
                return Published.UNROUTABLE
            return Published.NACKED  # it does not read
        return Published.ACCEPTED

    async def _read(self, socket: Any, heard: Callable[[bytes], None]) -> None:
        while True:
            frames = await socket.recv_multipart()
            if len(frames) != _FRAMES_HEARD:
                continue  # nobody who speaks our language
            worker, kind, key, body = frames
            self._workers.add(worker)
            if kind == SAID:
                heard(body)
                continue
            verdict = self._verdicts.get(key)
            if verdict is not None and not verdict.done():
                verdict.set_result(_VERDICTS.get(kind, Published.FAILED))
