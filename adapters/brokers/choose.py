"""The ends of the broker that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...actors.fleet.port import GatewayLink, WorkerLink
from ...messages.secret import Secret
from ...messages.settings import FleetSettings
from ..fleet.secrets import fleet_secret
from .rabbitmq_gateway import RabbitGatewayLink
from .rabbitmq_line import RabbitConfig
from .rabbitmq_worker import RabbitWorkerLink
from .zmq_frames import Keys
from .zmq_gateway import ZmqGatewayLink
from .zmq_worker import ZmqWorkerLink

# The password with which every RabbitMQ begins; it takes it from its own machine alone.
_GUESTS: Final = Secret("guest")


def gateway_link(settings: FleetSettings, environ: Mapping[str, str]) -> GatewayLink:
    """Return the gateway's end. It opens nothing before it is told to.

    Raises:
        SettingsError: A key cannot be found.
    """
    if settings.broker == "rabbitmq":
        return RabbitGatewayLink(rabbit_config(settings, environ))
    return ZmqGatewayLink(settings.listen, _keys(settings, environ))


def worker_link(settings: FleetSettings, environ: Mapping[str, str]) -> WorkerLink:
    """Return the worker's end. It opens nothing before it is told to.

    Raises:
        SettingsError: A key cannot be found.
    """
    if settings.broker == "rabbitmq":
        return RabbitWorkerLink(rabbit_config(settings, environ))
    return ZmqWorkerLink(settings.gateways, _keys(settings, environ))


def rabbit_config(settings: FleetSettings, environ: Mapping[str, str]) -> RabbitConfig:
    """Return where RabbitMQ is, and how the fleet uses it.

    Raises:
        SettingsError: The password cannot be found.
    """
    section = settings.rabbitmq
    return RabbitConfig(
        url=section.url,
        password=fleet_secret(section.password, environ, "fleet.rabbitmq.password") or _GUESTS,
        exchange=section.exchange,
        queue_type=section.queue_type,
        queue_length=section.queue_length,
        queue_expires=section.queue_expires,
    )


def _keys(settings: FleetSettings, environ: Mapping[str, str]) -> Keys | None:
    secret: Secret | None = fleet_secret(settings.secret_key, environ, "fleet.secret_key")
    if secret is None:
        return None
    return Keys(secret=secret, allowed=settings.allowed_keys, gateway=settings.gateway_key)
