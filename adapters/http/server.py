"""uvicorn's server as a guest: no signal handlers, no logging set-up, and an end that is bounded and waits for nothing by polling."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from ...messages.errors import SettingsError
from ..dialects.protocol import ServedDialect
from .config import HttpApiConfig
from .guard import Guard, GuardedProtocol, guarded_protocol

logger = logging.getLogger(__name__)

# Seconds for exchanges that were cancelled to write their last words, and for these to leave.
_LAST_WORDS: Final = 1.0


class GuestServer(uvicorn.Server):
    """Serves one application on one socket, on the loop that runs already.

    Args:
        app: The application.
        config: Limits of connections.
        dialect: What malformed requests are answered in.
    """

    def __init__(self, app: ASGIApp, config: HttpApiConfig, dialect: ServedDialect) -> None:
        self._connection_closed = asyncio.Event()
        self._guard = guard = Guard(config, dialect, self._connection_closed.set)
        tls = config.settings.tls
        encryption: dict[str, Any] = {}
        if tls is not None:
            encryption = {
                "ssl_certfile": tls.certificate,
                "ssl_keyfile": tls.key,
                "ssl_ca_certs": tls.client_authorities,
                "ssl_cert_reqs": ssl.CERT_NONE if tls.client_authorities is None else ssl.CERT_REQUIRED,
            }
        super().__init__(
            uvicorn.Config(
                app,
                http=guarded_protocol(guard),
                interface="asgi3",
                lifespan="off",
                ws="none",
                log_config=None,
                proxy_headers=False,
                server_header=False,
                **encryption,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the host's signals alone."""
        yield

    @property
    def connections(self) -> int:
        """Connections that are open."""
        return len(self.server_state.connections)

    @property
    def running(self) -> int:
        """Requests that are being answered."""
        return len(self.server_state.tasks)

    @property
    def answered(self) -> int:
        """Requests that were answered so far."""
        return self.server_state.total_requests

    async def open(self, listening: socket.socket) -> None:
        """Accept connections from now on. The socket belongs to the server from here.

        Raises:
            SettingsError: The certificate or the key cannot be read.
        """
        try:
            self.config.load()
        except OSError as error:  # what ssl raises, too
            listening.close()
            raise SettingsError(f"api.tls: {error}", path="api.tls") from error
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup([listening])

    async def close(self, grace: float) -> None:
        """Let running requests finish for `grace` seconds, cancel the rest, and return when every connection is closed.

        Until then whoever else comes is still heard, so that load balancers and clients read that they have to go elsewhere.
        """
        self._guard.is_draining = True
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, GuardedProtocol) and connection.is_busy():
                connection.shutdown()  # after its answer; who says nothing now may be about to, and shall read why not here
        try:
            await self._finish(grace)
        finally:
            for server in self.servers:
                server.close()
            for connection in tuple(self.server_state.connections):
                connection.transport.abort()

    async def _finish(self, grace: float) -> None:
        running = self.server_state.tasks
        if running and grace > 0:
            await asyncio.wait(tuple(running), timeout=grace)
        for server in self.servers:
            server.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        if running:
            logger.warning("stopping with %d requests unfinished", len(running))
        for task in tuple(running):
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self._all_connections_closed()

    async def _all_connections_closed(self) -> None:
        while self.server_state.connections:
            self._connection_closed.clear()
            await self._connection_closed.wait()
