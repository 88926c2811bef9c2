"""From an instance's settings to its scout and its sentry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...actors.discovery.port import Scout, Sentry
from ...messages.settings import DiscoverySettings, InstanceSettings, Kind, TimeoutSettings
from ..providers.build import DIALECTS, endpoint_for
from ..providers.endpoint import Endpoint
from ..providers.transports import TransportFactory, transport_for
from .bedrock import BedrockScout
from .inquiry import Inquiry
from .listing import DemoScout, ListingScout
from .ollama import OllamaScout
from .outside import OutsideSentry, is_loopback

# Engines that a person starts on a machine, and that mostly ask for no key.
_ENGINES: Final[frozenset[Kind]] = frozenset({"ollama", "vllm", "mlx"})
# Azure lists the models that could be deployed. What can be asked for are the deployments, which have names of their own.
_UNLISTED: Final[frozenset[Kind]] = frozenset({"azure"})

# Of the time left after the list; what comes later than this would come too late.
_SHARE_OF_DETAILS: Final = 0.9


def is_to_be_looked_at(instance: InstanceSettings) -> bool:
    """Whether an instance can tell which models it has; one whose settings name them is not asked."""
    return instance.models is None and instance.kind not in _UNLISTED


def build_scout(
    instance: InstanceSettings,
    settings: DiscoverySettings,
    environ: Mapping[str, str],
    transport_factory: TransportFactory = transport_for,
) -> Scout:
    """Return the scout of an instance. It opens no connection before its first look.

    Args:
        instance: Whom to look at.
        settings: With the time limits.
        environ: Where credentials and proxies are looked up.
        transport_factory: Makes its transport.

    Raises:
        SettingsError: A credential or header is missing, or cannot be sent.
    """
    if instance.kind == "demo":
        return DemoScout()
    transport = transport_factory(instance, environ)
    dialect = DIALECTS[instance.kind]
    endpoint = endpoint_for(instance, environ, _timeouts(settings))
    inquiry = Inquiry(endpoint, dialect, transport)
    if instance.kind == "ollama":
        return OllamaScout(inquiry, patience=_SHARE_OF_DETAILS * (settings.deadline_seconds - settings.timeout_seconds))
    if instance.kind == "bedrock":
        return BedrockScout(inquiry)
    if instance.kind == "vllm":
        return ListingScout(inquiry, health=Inquiry(_above_version(endpoint), dialect, transport))
    return ListingScout(inquiry)


def build_sentry(instance: InstanceSettings, settings: DiscoverySettings) -> Sentry | None:
    """Return the sentry of an engine on this machine, None for anything else."""
    if instance.kind not in _ENGINES or instance.base_url is None or not is_loopback(instance.base_url):
        return None
    inside = Endpoint(name=instance.name, root_url=instance.base_url, timeouts=_timeouts(settings))
    return OutsideSentry(inside, DIALECTS[instance.kind])


def _timeouts(settings: DiscoverySettings) -> TimeoutSettings:
    limit = settings.timeout_seconds
    return TimeoutSettings(connect=limit, first_byte=limit, first_content=limit, gap=limit)


def _above_version(endpoint: Endpoint) -> Endpoint:
    """Return the root of the server, which stands above the version of its API."""
    root = str(endpoint.root).rstrip("/").removesuffix("/v1")
    return Endpoint(name=endpoint.name, root_url=root, timeouts=endpoint.timeouts)
