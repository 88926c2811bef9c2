"""The two kinds of wire a connection may run over, plain and TLS, and how they are dialled.

The plain wire is a non-blocking socket with trio's `wait_readable` around it. `trio.SocketStream` does the same with
a checkpoint, two context managers and a retry in every call.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable
from typing import Protocol

import trio

from .limits import Origin

RECEIVE_BYTES = 64 * 1024


class Wire(Protocol):
    """Bytes to and from one peer.

    Methods raise OSError or trio.BrokenResourceError if the peer is lost, trio.ClosedResourceError after `close()`.
    """

    def send_nowait(self, data: bytes) -> int:
        """Send what goes without waiting; return how many bytes that were. An error means none."""

    async def send(self, data: memoryview) -> None:
        """Send all of `data`."""

    async def receive(self) -> bytes:
        """Wait for some bytes; b"" at the end."""

    def stale(self) -> bool:
        """Whether an idle wire has something to read: its end, an error, or words nobody asked for. Does not wait."""

    def close(self) -> None:
        """Close the socket at once; whoever waits on it is woken. May be called twice."""


class PlainWire:
    """A TCP connection."""

    __slots__ = ("_readable", "_socket")

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(0.0)
        self._socket = connected
        self._readable = readability(connected.fileno())

    def send_nowait(self, data: bytes) -> int:
        """Send what fits into the kernel's buffer."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    async def send(self, data: memoryview) -> None:
        """Send all of `data`, waiting for the kernel's buffer to drain."""
        while data:
            await trio.lowlevel.wait_writable(self._open_socket())
            try:
                data = data[self._socket.send(data) :]
            except BlockingIOError:
                continue

    async def receive(self) -> bytes:
        """Wait first, read then: right after a request there is nothing to read yet."""
        while True:
            await trio.lowlevel.wait_readable(self._open_socket())
            try:
                return self._socket.recv(RECEIVE_BYTES)
            except BlockingIOError:
                continue

    def stale(self) -> bool:
        """Ask the kernel."""
        return self._readable()

    def close(self) -> None:
        """Close the socket."""
        if self._socket.fileno() != -1:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()

    def _open_socket(self) -> socket.socket:
        if self._socket.fileno() == -1:
            raise trio.ClosedResourceError
        return self._socket


class TlsWire:
    """A TLS connection."""

    __slots__ = ("_readable", "_stream")

    def __init__(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        self._stream = stream
        self._readable = readability(stream.transport_stream.socket.fileno())

    def send_nowait(self, data: bytes) -> int:  # noqa: ARG002 (the protocol has it)
        """Nothing: an error inside of TLS would not tell whether bytes had left."""
        return 0

    async def send(self, data: memoryview) -> None:
        """Encrypt and send all of `data`."""
        await self._stream.send_all(data)

    async def receive(self) -> bytes:
        """Wait for decrypted bytes."""
        return bytes(await self._stream.receive_some(RECEIVE_BYTES))

    def stale(self) -> bool:
        """Ask the kernel. A late session ticket looks stale too; that costs a handshake, nothing else."""
        return self._readable()

    def close(self) -> None:
        """Close the socket, without TLS's good-bye: every HTTP message has said its own length by then."""
        self._stream.transport_stream.socket.close()


def readability(descriptor: int) -> Callable[[], bool]:
    """Return a function that tells without waiting whether `descriptor` has data, an end or an error to read."""
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        return lambda: bool(poller.poll(0))
    return lambda: bool(select.select([descriptor], [], [], 0)[0])  # Windows


async def dial(origin: Origin, tls: Callable[[], ssl.SSLContext]) -> Wire:
    """Connect to an origin (happy eyeballs; TCP_NODELAY set by trio).

    Raises:
        OSError: Name not found, refused, unreachable.
        trio.BrokenResourceError: The TLS handshake failed; the reason is its cause.
    """
    stream = await trio.open_tcp_stream(origin.host, origin.port)
    if origin.scheme == "https":
        return await _shake_hands(stream, origin.host, tls)
    # From trio's hands into ours: the descriptor is the same, only one object owns it.
    return PlainWire(socket.socket(fileno=stream.socket.detach()))


async def _shake_hands(stream: trio.SocketStream, host: str, tls: Callable[[], ssl.SSLContext]) -> Wire:
    try:
        # https_compatible: web servers leave without TLS's good-bye.
        secured = trio.SSLStream(stream, tls(), server_hostname=host, https_compatible=True)
        await secured.do_handshake()
    except BaseException:
        stream.socket.close()
        raise
    return TlsWire(secured)
