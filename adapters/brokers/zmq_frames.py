"""What both ends of the embedded broker have in common: words, keys and the care of a socket.

From gateway to worker: word, correlation id, reply lane, lane, body. From worker to gateway: word, correlation id, body; ROUTER adds the worker's
name.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from ...messages.secret import Secret

REQUEST: Final = b"request"
SIGNAL: Final = b"signal"
SAID: Final = b"said"
ACCEPTED: Final = b"accepted"
REFUSED: Final = b"refused"  # there is no place for it
ELSEWHERE: Final = b"elsewhere"  # this worker does not serve that lane

# Milliseconds between two looks whether the peer's machine is still there, and until it counts as gone.
_HEARTBEAT: Final = 1000
_GONE: Final = 3000
_RECONNECT: Final = 100
_RECONNECT_MAX: Final = 2000

# Messages that may wait for a slow peer, and bytes of the largest.
_HIGH_WATER: Final = 10_000
_MAX_BYTES: Final = 64 * 1024 * 1024


@attrs.frozen(kw_only=True)
class Keys:
    """CURVE keys, in Z85.

    Attributes:
        secret: One's own secret key.
        allowed: At a gateway: public keys of the workers that may connect.
        gateway: At a worker: public key of the gateways.
    """

    secret: Secret
    allowed: tuple[str, ...] = ()
    gateway: str | None = None


def tended(socket: Any) -> Any:
    """Return the socket, with limits, and with heartbeats that notice a machine that is gone."""
    socket.linger = 0
    socket.sndhwm = socket.rcvhwm = _HIGH_WATER
    socket.maxmsgsize = _MAX_BYTES
    socket.heartbeat_ivl = _HEARTBEAT
    socket.heartbeat_timeout = _GONE
    socket.reconnect_ivl = _RECONNECT
    socket.reconnect_ivl_max = _RECONNECT_MAX
    return socket
