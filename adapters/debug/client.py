"""Asks a debug port; for the command line and for scripts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self

import attrs
import orjson
import zmq

from ...messages.errors import LegionError, NotFoundError, TargetUnavailable
from .protocol import VERSION

_PATIENCE: Final = 5.0


class PortRefused(LegionError):
    """The port said that there is no answer, and why."""


@attrs.frozen(kw_only=True)
class Keys:
    """The CURVE keys of one who asks.

    Attributes:
        server: The port's public key, Z85.
        secret: The asker's own secret key, Z85.
    """

    server: str
    secret: str = attrs.field(repr=False)


class DebugClient:
    """One connection to a debug port, from one thread. Use it as a context manager.

    Args:
        address: The port's.
        keys: Where the port wants them.
        timeout: Seconds for which an answer is waited for.
    """

    def __init__(self, address: str, *, keys: Keys | None = None, timeout: float = _PATIENCE) -> None:
        self._context = zmq.Context()
        self._address = address
        self._keys = keys
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._socket = self._connect(zmq.DEALER, address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection. May be called twice."""
        self._context.destroy(linger=0)

    def ask(self, op: str, **args: Any) -> Any:
        """Ask, and return the answer's data.

        Raises:
            TargetUnavailable: Nobody answers.
            NotFoundError: There is no such actor or request.
            PortRefused: The port says why there is no answer.
        """
        number = next(self._ids)
        self._socket.send(orjson.dumps({"v": VERSION, "id": number, "op": op, "args": args}))
        while self._socket.poll(self._timeout * 1000):
            said = orjson.loads(self._socket.recv())
            if said.get("id") in (number, None):  # an answer that came too late for an earlier question is not ours
                return _data(said)
        raise TargetUnavailable(
            f"nobody answers at {self._address}: is a gateway running with debug.address set to this?"
        )

    def events(
        self, address: str, topics: tuple[str, ...] = ("",), *, timeout: float | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield events as they come, for ever, or until none has come for `timeout` seconds."""
        with self._connect(zmq.SUB, address) as socket:
            for topic in topics:
                socket.setsockopt_string(zmq.SUBSCRIBE, topic)
            while socket.poll(None if timeout is None else timeout * 1000):
                yield orjson.loads(socket.recv_multipart()[1])

    def _connect(self, kind: int, address: str) -> Any:
        socket: Any = self._context.socket(kind)
        socket.linger = 0
        if self._keys is not None:
            secret = self._keys.secret.encode()
            socket.curve_secretkey, socket.curve_publickey = secret, zmq.curve_public(secret)
            socket.curve_serverkey = self._keys.server.encode()
        socket.connect(address)
        return socket


def _data(said: dict[str, Any]) -> Any:
    error = said.get("error")
    if error is None:
        return said["data"]
    raise (NotFoundError if error["code"] == "not_found" else PortRefused)(error["message"])
