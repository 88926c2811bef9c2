"""The HTTP transport of the hot path: httpx's contract, trio's sockets, llhttp's parser."""

from __future__ import annotations

from .body import ResponseBody, read_limited
from .errors import BodyTooLargeError, TransportClosedError
from .limits import Origin, TransportLimits, TransportStatistics
from .transport import LegionTransport, choose_transport

__all__ = [
    "BodyTooLargeError",
    "LegionTransport",
    "Origin",
    "ResponseBody",
    "TransportClosedError",
    "TransportLimits",
    "TransportStatistics",
    "choose_transport",
    "read_limited",
]
