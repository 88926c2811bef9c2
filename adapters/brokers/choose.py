"""The ends of the broker that the settings name."""

from __future__ import annotations

from collections.abc import Mapping

from ...actors.fleet.port import GatewayLink, WorkerLink
from ...messages.secret import Secret
from ...messages.settings import FleetSettings
from ..fleet.secrets import fleet_secret
from .zmq_frames import Keys
from .zmq_gateway import ZmqGatewayLink
from .zmq_worker import ZmqWorkerLink


def gateway_link(settings: FleetSettings, environ: Mapping[str, str]) -> GatewayLink:
    """Return the gateway's end. It opens nothing before it is told to.

    Raises:
        SettingsError: A key cannot be found.
    """
    return ZmqGatewayLink(settings.listen, _keys(settings, environ))


def worker_link(settings: FleetSettings, environ: Mapping[str, str]) -> WorkerLink:
    """Return the worker's end. It opens nothing before it is told to.

    Raises:
        SettingsError: A key cannot be found.
    """
    return ZmqWorkerLink(settings.gateways, _keys(settings, environ))


def _keys(settings: FleetSettings, environ: Mapping[str, str]) -> Keys | None:
    secret: Secret | None = fleet_secret(settings.secret_key, environ, "fleet.secret_key")
    if secret is None:
        return None
    return Keys(secret=secret, allowed=settings.allowed_keys, gateway=settings.gateway_key)
