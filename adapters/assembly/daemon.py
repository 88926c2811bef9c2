"""Makes the actor that asks another gateway first."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.daemon.actor import Daemon
from ...messages.errors import SettingsError
from ...messages.settings import DaemonSettings
from ...runtime import ActorSystem, ChildSpec
from ..daemon.client import HttpDaemon
from ..settings.credentials import Absent, resolve


def daemon_spec(settings: DaemonSettings, environ: Mapping[str, str], system: ActorSystem) -> ChildSpec:
    """Return the description of the actor behind `legion.ask`.

    Raises:
        SettingsError: The daemon's key cannot be looked up.
    """
    url = settings.url if settings.enabled else None
    key = None if settings.key is None else resolve(settings.key, environ)
    if isinstance(key, Absent):
        raise SettingsError(f"daemon.key: {key.reason}", path="daemon.key")

    def daemon() -> Daemon:
        client = None if url is None else HttpDaemon(url, key, read_timeout=settings.read_timeout)
        return Daemon(client, system.address("inference"))

    return ChildSpec(name="daemon", factory=daemon)
