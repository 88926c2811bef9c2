"""The embedded broker, at a worker: a connection to every gateway, and a short line of requests that wait."""

from __future__ import annotations

import asyncio
import collections
from typing import TYPE_CHECKING, Any, Final

from ...actors.fleet.port import Post, Published
from ...messages.errors import SettingsError, StartFailed
from .zmq_frames import ACCEPTED, ELSEWHERE, REFUSED, REQUEST, SAID, SIGNAL, Keys, tended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmq.asyncio import Context, Socket

_FRAMES_HEARD: Final = 5

# Seconds for which a reply waits for a gateway that reads slowly.
_PATIENCE: Final = 5.0


class ZmqWorkerLink:
    """Implements `actors.fleet.port.WorkerLink` with a DEALER socket for every gateway.

    Args:
        addresses: Of the gateways.
        keys: CURVE keys, for gateways on other machines.
    """

    def __init__(self, addresses: Sequence[str], keys: Keys | None = None) -> None:
        self._addresses = addresses
        self._keys = keys
        self._context: Context | None = None
        self._sockets: list[Socket] = []
        self._readings: list[asyncio.Task[None]] = []
        self._post: Post | None = None
        self._lanes: frozenset[str] = frozenset()
        self._places: dict[str, Socket] = {}
        self._running = 0
        self._line: collections.deque[_ZmqDelivery] = collections.deque()

    @property
    def is_connected(self) -> bool:
        """Whether any gateway is there; see the port."""
        return any(map(_is_connected, self._sockets))

    async def open(self, post: Post) -> None:
        """Connect to all gateways, or begin to try; see the port."""
        import zmq  # noqa: PLC0415 - loaded where there is a fleet
        import zmq.asyncio  # noqa: PLC0415 - likewise

        self._post = post
        self._context = zmq.asyncio.Context()
        address = ""
        try:
            for address in self._addresses:
                socket = tended(self._context.socket(zmq.DEALER))
                socket.identity = post.worker.encode()
                # Nothing is kept for a gateway that is not there: it would hear it much too late.
                socket.immediate = True
                if self._keys is not None:
                    _guard(socket, self._keys)
                socket.connect(address)
                self._sockets.append(socket)
        except zmq.ZMQError as error:
            await self.aclose()
            raise StartFailed(f"the fleet's gateway cannot be at {address}: {error}") from error
        loop = asyncio.get_running_loop()
        self._readings = [loop.create_task(self._read(socket)) for socket in self._sockets]

    async def serve(self, lanes: frozenset[str]) -> None:
        """Take requests of these lanes; see the port. Which ones they are, gateways hear from the offers."""
        self._lanes = lanes

    async def reply(self, reply_to: str, correlation_id: str, body: bytes) -> Published:
        """Send something to the gateway that asked; see the port."""
        socket = self._places.get(reply_to)
        if socket is None or not _is_connected(socket):
            return Published.UNROUTABLE
        try:
            async with asyncio.timeout(_PATIENCE):
                await socket.send_multipart([SAID, correlation_id.encode(), body])
        except TimeoutError:
            return Published.FAILED
        return Published.ACCEPTED

    async def announce(self, body: bytes) -> None:
        """Send an offer to all gateways that are there; see the port."""
        for socket in self._sockets:
            await _send_now(socket, [SAID, b"", body])

    async def aclose(self) -> None:
        """Close all sockets; see the port."""
        for reading in self._readings:
            reading.cancel()
        if self._readings:
            await asyncio.wait(self._readings)
        self._readings = []
        self._sockets = []
        self._line.clear()
        if self._context is not None:
            self._context.destroy(linger=0)
            self._context = None

    async def _read(self, socket: Socket) -> None:
        assert self._post is not None
        while True:
            frames = await socket.recv_multipart()
            if len(frames) != _FRAMES_HEARD:
                continue  # nobody who speaks our language
            kind, key, reply_to, lane, body = frames
            if kind == SIGNAL:
                self._post.signalled(body)
            elif kind == REQUEST:
                self._places[reply_to.decode(errors="replace")] = socket
                await _send_now(socket, [self._verdict(lane.decode(errors="replace"), body), key, b""])

    def _verdict(self, lane: str, body: bytes) -> bytes:
        """Take a request if there is a place for it, and say whether."""
        assert self._post is not None
        if lane not in self._lanes:
            return ELSEWHERE
        if self._running >= self._post.concurrency and len(self._line) >= self._post.backlog:
            return REFUSED
        self._line.append(_ZmqDelivery(body, self._settled))
        self._move_up()
        return ACCEPTED

    def _settled(self) -> None:
        self._running -= 1
        self._move_up()

    def _move_up(self) -> None:
        assert self._post is not None
        while self._line and self._running < self._post.concurrency:
            self._running += 1
            self._post.taken(self._line.popleft())


class _ZmqDelivery:
    """Implements `actors.fleet.port.Delivery`: it was never anybody else's, for there is nobody in between."""

    is_redelivered = False

    def __init__(self, body: bytes, settled: Any) -> None:
        self.body = body
        self._settled = settled
        self._is_settled = False

    async def settle(self) -> None:
        """Make place for the next; see the port."""
        if not self._is_settled:
            self._is_settled = True
            self._settled()


def _is_connected(socket: Socket) -> bool:
    """Whether something could be sent: such a socket takes nothing for a peer that is not there."""
    import zmq  # noqa: PLC0415 - as above

    return not socket.closed and bool(int(socket.getsockopt(zmq.EVENTS)) & zmq.POLLOUT)


async def _send_now(socket: Socket, frames: list[bytes]) -> None:
    """Send, or drop it where nobody is there."""
    import zmq  # noqa: PLC0415 - as above

    try:
        await socket.send_multipart(frames, flags=zmq.DONTWAIT)
    except zmq.Again:
        return  # the gateway is away; it hears the next word when it is back


def _guard(socket: Any, keys: Keys) -> None:
    import zmq  # noqa: PLC0415 - as above

    path = "fleet.secret_key"
    secret = keys.secret.reveal().encode()
    try:
        public = zmq.curve_public(secret)
    except (zmq.ZMQError, ValueError) as error:
        raise SettingsError(f"{path}: must be a CURVE secret key of 40 Z85 characters", path=path) from error
    socket.curve_secretkey = secret
    socket.curve_publickey = public
    socket.curve_serverkey = (keys.gateway or "").encode()
