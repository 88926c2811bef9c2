"""What a transport is allowed to use, and what it has used: frozen values."""

from __future__ import annotations

from typing import NamedTuple

import attrs
from attrs.validators import ge, gt


class Origin(NamedTuple):
    """Where connections go: keep-alive connections are shared within one origin and never across."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@attrs.frozen(kw_only=True)
class TransportLimits:
    """Bounds of one transport.

    Attributes:
        max_connections: Requests that may hold or be opening a connection, and also the bound of all sockets, idle ones
            included (at least 1). A request beyond it waits for the time its `pool` timeout allows. Default 512: half
            of the usual 1,024 file descriptors of a process, which belongs to our host.
        max_idle_per_origin: Keep-alive connections kept for one origin (0: every connection is closed after use).
            Default 64.
        idle_expiry: Seconds an idle connection is kept (above 0). Default 30.0.
        max_header_bytes: Bytes of a response head: status line, headers and interim (1xx) responses together.
            Default 64 KiB; h11 allows 16, aiohttp 8 a line, Go 1 MiB.
        max_headers: Header lines of one response. Default 128.
        max_framing_bytes: Bytes read that carry no content in the middle of a chunked body (a chunk extension,
            trailers). Counted per read, so that one read more can pass. Default 16 KiB, as Go has it.
    """

    max_connections: int = attrs.field(default=512, validator=ge(1))
    max_idle_per_origin: int = attrs.field(default=64, validator=ge(0))
    idle_expiry: float = attrs.field(default=30.0, validator=gt(0))
    max_header_bytes: int = attrs.field(default=64 * 1024, validator=ge(64))
    max_headers: int = attrs.field(default=128, validator=ge(1))
    max_framing_bytes: int = attrs.field(default=16 * 1024, validator=ge(64))


@attrs.frozen(kw_only=True)
class TransportStatistics:
    """What a transport holds now, and has done since it was made.

    Attributes:
        open: Sockets open now: the idle ones, and those that serve a request.
        idle: Keep-alive connections that wait for a request.
        in_use: Requests that hold a connection or are opening one.
        waiting: Requests that wait because `max_connections` is reached.
        opened_total: Connections ever opened.
        reused_total: Requests ever sent over a connection that had served one before.
    """

    open: int
    idle: int
    in_use: int
    waiting: int
    opened_total: int
    reused_total: int
