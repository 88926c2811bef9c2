"""Lets HTTP clients in."""

from __future__ import annotations

import logging
import math
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from ...messages.base import Message
from ...messages.errors import SettingsError
from ...runtime import ASYNCIO, Actor, ChildSpec
from ..dialects.protocol import ServedDialect
from .app import build_app
from .config import HttpApiConfig
from .gateway import Gateway
from .insight import Insight, Reload
from .listening import ListeningAddress
from .server import GuestServer

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class ApiAddress(Message[str]):
    """At which URL does the API listen?"""


class HttpApi(Actor[ApiAddress]):
    """Runs uvicorn on its loop.

    Owns the listening socket and the connections. Takes ApiAddress. Asks nobody: requests go to the gateway, each in a task of its own.

    Args:
        address: Where to listen.
        config: Limits.
        gateway: Who answers.
        dialect: OpenAI's chat dialect.
        others: More dialects to chat in, by path.
        insight: Looks at the system for operators, or None.
        reload: Reads the settings anew for administrators, or None.
    """

    home = ASYNCIO

    def __init__(
        self,
        address: ListeningAddress,
        config: HttpApiConfig,
        gateway: Gateway,
        dialect: ServedDialect,
        others: Mapping[str, ServedDialect] = MappingProxyType({}),
        insight: Insight | None = None,
        reload: Reload | None = None,
    ) -> None:
        super().__init__()
        self._address = address
        self._config = config
        self._app = build_app(gateway, config, dialect, others, insight, reload)
        self._server = GuestServer(self._app, config, dialect)

    async def on_start(self) -> None:
        """Bind and accept.

        Raises:
            SettingsError: There is no such host, or it would serve other machines without keys; or certificates cannot be read.
            StartFailed: The port is in use, or may not be used.
        """
        listening = await self._address.bind()
        if not self._address.is_loopback and self._config.keyring is None:
            self._warn_or_refuse(listening)
        await self._server.open(listening)
        self.spawn(self._serve, listening)

    def _warn_or_refuse(self, listening: socket.socket) -> None:
        """Serve whoever comes only where the operator insists.

        Raises:
            SettingsError: The operator does not.
        """
        if not self._config.settings.insecure:
            listening.close()
            raise SettingsError(
                f"api.host: other machines reach {self._address.address}, and there are no keys: name some in api.keys, "
                "or set api.insecure to true if whoever reaches the port may use it",
                path="api.host",
            )
        logger.warning(
            "THE HTTP API LISTENS ON %s WITHOUT AUTHENTICATION: WHOEVER REACHES PORT %d CAN USE IT (set api.keys)",
            self._address.address,
            self._address.port,
        )

    def on_api_address(self, _message: ApiAddress) -> str:
        """Return the URL."""
        return self._address.url

    def snapshot(self) -> dict[str, Any]:
        """Return the URL and how busy it is."""
        return {
            "url": self._address.url,
            "connections": self._server.connections,
            "running": self._server.running,
            "answered": self._server.answered,
        }

    async def _serve(self, listening: socket.socket) -> None:
        """Serve until cancelled, which is how a stop reaches a task of the actor's, and a crash, too."""
        try:
            await self._server.main_loop()
        finally:
            self._app.end_watches()
            await self._server.close(self._grace())
            await self._app.close()
            listening.close()

    def _grace(self) -> float:
        """Return the seconds running requests still have: none after a crash."""
        stop = None if self._process is None else self._process._stop  # noqa: SLF001 - the runtime does not tell an actor its deadline otherwise
        left = -math.inf if stop is None else stop.deadline - self.clock.monotonic()
        return max(0.0, min(left, self._config.settings.drain_timeout))


def http_api(
    address: ListeningAddress,
    gateway: Gateway,
    dialect: ServedDialect,
    config: HttpApiConfig | None = None,
    *,
    others: Mapping[str, ServedDialect] = MappingProxyType({}),
    insight: Insight | None = None,
    reload: Reload | None = None,
    name: str = "http api",
) -> ChildSpec:
    """Return the description of the actor for a supervision tree; it belongs last, so that it starts last and stops first."""
    config = config or HttpApiConfig()

    def api() -> HttpApi:
        return HttpApi(address, config, gateway, dialect, others, insight, reload)

    # Stopping takes the deadline of the stop and a little more for last words.
    return ChildSpec(name=name, factory=api, home=ASYNCIO)
