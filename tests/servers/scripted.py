"""A loopback HTTP server that does exactly what a script says, misbehaviour included.

Plain sockets and threads: it works beside any event loop, in sync tests and in trio tests, and ends deterministically.
Each connection has a thread; each request on it is answered by the actions that the script returns for it.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TypeAlias

import attrs


@attrs.frozen
class Send:
    """Send these bytes."""

    data: bytes


@attrs.frozen
class Trickle:
    """Send the bytes in pieces of `size`, `pause` seconds apart."""

    data: bytes
    pause: float
    size: int = 1


@attrs.frozen
class WaitFor:
    """Wait until the test sets the event (or the server stops)."""

    event: threading.Event


@attrs.frozen
class Signal:
    """Tell the test that the script has come this far."""

    event: threading.Event


@attrs.frozen
class Hang:
    """Send nothing more, until the client closes or the server stops."""


@attrs.frozen
class Close:
    """Close the connection in an orderly way (FIN)."""


@attrs.frozen
class Reset:
    """Break the connection (RST)."""


Action: TypeAlias = Send | Trickle | WaitFor | Signal | Hang | Close | Reset


@attrs.frozen(kw_only=True)
class ReceivedRequest:
    """A request as the server read it.

    Attributes:
        headers: By lower-case name.
        connection: Number of the connection it came on, from 0.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)


Script: TypeAlias = Callable[[ReceivedRequest], Iterable[Action]]


class _ConnectionOver(Exception):
    """The script or the peer ended the connection."""


class ScriptedServer:
    """Serves `script` on 127.0.0.1, on a port the system chooses, from entering the context to leaving it.

    Attributes:
        requests: Every request read so far, in order of arrival.
        accepted: Number of connections accepted so far.
        client_closed: Set as soon as a client has closed a connection that the script had not closed.
    """

    def __init__(
        self, script: Script | Iterable[Action], *, greeting: Iterable[Action] = (), listen: bool = True
    ) -> None:
        """Take the port.

        Args:
            script: Actions for each request; a fixed row of actions answers every request alike.
            greeting: Actions taken on each connection before anything is read from it.
            listen: False keeps the port bound but refuses connections.
        """
        self._script = script if callable(script) else _always(tuple(script))
        self._greeting = tuple(greeting)
        self._listener = socket.create_server(("127.0.0.1", 0)) if listen else _bound_socket()
        self._waker, self._woken = socket.socketpair()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._one_closed = threading.Condition(self._lock)
        self._open: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self.listening = listen
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[ReceivedRequest] = []
        self.accepted = 0
        self.client_closed = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """Connections that neither side has closed."""
        with self._lock:
            return len(self._open)

    def wait_all_closed(self, timeout: float = 5.0) -> bool:
        """Wait until no connection is open; return False if that takes longer than `timeout` seconds."""
        with self._lock:
            return self._one_closed.wait_for(lambda: not self._open, timeout)

    def __enter__(self) -> Self:
        if self.listening:
            self._spawn(self._accept_loop)
        return self

    def __exit__(self, *_: object) -> None:
        self._waker.send(b"x")
        with self._lock:
            self._stopping.set()
            for connection in self._open.values():
                with contextlib.suppress(OSError):  # the peer may have been quicker
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5.0)
        for each in (self._listener, self._waker, self._woken):
            each.close()
        assert not any(thread.is_alive() for thread in self._threads), "a server thread did not end"

    # -- The accepting thread --

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name=f"scripted-{self.port}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept_loop(self) -> None:
        while True:
            readable, _, _ = select.select([self._listener, self._woken], [], [])
            if self._woken in readable:
                return
            if self._listener in readable:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    if self._stopping.is_set():
                        connection.close()
                        return
                    number = self.accepted
                    self.accepted += 1
                    self._open[number] = connection
                self._spawn(self._serve, connection, number)

    # -- One thread per connection --

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            self._play(connection, self._greeting)
            for request in self._requests_of(connection, number):
                self.requests.append(request)
                self._play(connection, self._script(request))
        except (_ConnectionOver, OSError) as error:
            if isinstance(error, OSError):
                self._client_is_gone()
        finally:
            connection.close()
            with self._lock:
                del self._open[number]
                self._one_closed.notify_all()

    def _requests_of(self, connection: socket.socket, number: int) -> Iterator[ReceivedRequest]:
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                buffer += self._receive(connection)
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            start, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", "0"))
            while len(buffer) < length:
                buffer += self._receive(connection)
            method, path, _ = start.split(" ", 2)
            yield ReceivedRequest(method=method, path=path, headers=headers, body=buffer[:length], connection=number)
            buffer = buffer[length:]

    def _receive(self, connection: socket.socket) -> bytes:
        data = connection.recv(65536)
        if not data:
            self._client_is_gone()
            raise _ConnectionOver
        return data

    def _client_is_gone(self) -> None:
        # Our own shutdown() looks like a closing peer; only a real one is worth telling.
        if not self._stopping.is_set():
            self.client_closed.set()

    def _play(self, connection: socket.socket, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Send():
                    connection.sendall(action.data)
                case Trickle():
                    self._trickle(connection, action)
                case WaitFor():
                    self._wait_for(action.event)
                case Signal():
                    action.event.set()
                case Hang():
                    while True:
                        self._receive(connection)
                case Close():
                    raise _ConnectionOver
                case Reset():
                    # Zero linger makes close() send RST, whatever is still unread or unsent.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    raise _ConnectionOver

    def _trickle(self, connection: socket.socket, action: Trickle) -> None:
        for start in range(0, len(action.data), action.size):
            connection.sendall(action.data[start : start + action.size])
            if select.select([connection], [], [], action.pause)[0]:
                self._receive(connection)

    def _wait_for(self, event: threading.Event) -> None:
        while not event.wait(0.02):
            if self._stopping.is_set():
                raise _ConnectionOver


def _always(actions: tuple[Action, ...]) -> Script:
    return lambda _request: actions


def _bound_socket() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))  # bound, but not listening: the system refuses every connection to this port
    return bound
