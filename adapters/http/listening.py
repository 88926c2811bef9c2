"""The address of the HTTP API, and the socket bound to it."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from typing import Any, Final

from ...messages.errors import SettingsError, StartFailed

# Connections that wait to be accepted, as uvicorn's.
_BACKLOG: Final = 2048
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where one listens everywhere, a client on this machine uses loopback


class ListeningAddress:
    """Where the API listens. It outlives restarts, so that an API on port 0 comes back where its clients know it. Readable from any thread.

    Args:
        host: Name or address to bind.
        port: TCP port; 0 lets the system choose.
        scheme: http or https.

    Attributes:
        host: As given.
        port: As given, and once bound the real one.
        address: The numeric address that was bound, or None.
    """

    def __init__(self, host: str, port: int, scheme: str = "http") -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.address: str | None = None

    @property
    def url(self) -> str:
        """The URL at which a client on this machine finds the API."""
        host = _WILDCARDS.get(self.address or self.host, self.host)
        return f"{self.scheme}://[{host}]:{self.port}" if ":" in host else f"{self.scheme}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it; False until it is bound."""
        return self.address is not None and ipaddress.ip_address(self.address.partition("%")[0]).is_loopback

    async def bind(self) -> socket.socket:
        """Return a listening socket, which the caller closes.

        Raises:
            SettingsError: There is no such host.
            StartFailed: The port is in use, or may not be used.
        """
        family, address = await self._resolve()
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # elsewhere the option lets one server take another's port
                # Connections of an earlier incarnation may linger on the port.
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            # Two that bind at the same moment may both succeed: the second then fails here.
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            raise StartFailed(self._complaint(error)) from error
        self.address, self.port = listening.getsockname()[:2]
        return listening

    async def _resolve(self) -> tuple[int, Any]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
        except (OSError, UnicodeError) as error:
            raise SettingsError(f"api.host: cannot resolve {self.host!r}: {error}", path="api.host") from error
        # "localhost" may be both; clients that are told 127.0.0.1 outnumber the others.
        family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        return family, address

    def _complaint(self, error: OSError) -> str:
        where = f"port {self.port} on {self.host}"
        if error.errno == errno.EADDRINUSE:
            return f"{where} is in use: choose another with --port, or with the setting api.port"
        if error.errno == errno.EACCES:
            return f"{where} is reserved: choose one above 1023 with --port, or with the setting api.port"
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{self.host} is no address of this machine: choose one with --host, or with the setting api.host"
        return f"{where} cannot be used: {error.strerror or error}"
