"""From an instance's settings to its scout, its sentry, and whoever tries its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import trio

from ...actors.connection.port import Authenticated
from ...actors.credentials.port import Prober
from ...actors.discovery.port import Scout, Sentry
from ...messages.chat import Request
from ...messages.credentials import Credential
from ...messages.settings import DiscoverySettings, InstanceSettings, Kind, TimeoutSettings, VerificationSettings
from ..plugins.scout import PluginScout, lists_models
from ..providers.build import DIALECTS, build_provider, empty_endpoint_for, endpoint_for
from ..providers.endpoint import Endpoint
from ..providers.transports import TransportFactory, transport_for
from ..settings.candidates import credential_at_hand
from ..settings.credentials import ENVIRONMENT_ALONE, Resolvers
from .bedrock import BedrockScout
from .inquiry import Inquiry
from .listing import DemoScout, ListingScout
from .ollama import OllamaScout
from .outside import OutsideSentry, is_loopback
from .probe import ListProber

# Engines that a person starts on a machine, and that mostly ask for no key.
_ENGINES: Final[frozenset[Kind]] = frozenset({"ollama", "vllm", "mlx"})
# Azure lists the models that could be deployed. What can be asked for are the deployments, which have names of their own. Workers of the fleet say
# by themselves what they have.
_UNLISTED: Final[frozenset[Kind]] = frozenset({"azure", "fleet"})

# Of the time left after the list; what comes later than this would come too late.
_SHARE_OF_DETAILS: Final = 0.9


def is_to_be_looked_at(instance: InstanceSettings) -> bool:
    """Whether an instance can tell which models it has; one whose settings name them is not asked."""
    if instance.models is not None or instance.kind in _UNLISTED:
        return False
    return instance.kind != "plugin" or lists_models(instance)


def build_scout(
    instance: InstanceSettings,
    settings: DiscoverySettings,
    environ: Mapping[str, str],
    transport_factory: TransportFactory = transport_for,
    resolvers: Resolvers = ENVIRONMENT_ALONE,
) -> Scout:
    """Return the scout of an instance. It opens no connection before its first look.

    Args:
        instance: Whom to look at.
        settings: With the time limits.
        environ: Where credentials and proxies are looked up.
        transport_factory: Makes its transport.
        resolvers: Who knows other references than to the environment.

    Raises:
        SettingsError: A credential or header is missing, or cannot be sent.
    """
    if instance.kind == "demo":
        return DemoScout()
    if instance.kind == "plugin":
        return PluginScout(instance, environ, credential_at_hand(instance, environ, resolvers))
    transport = transport_factory(instance, environ)
    dialect = DIALECTS[instance.kind]
    endpoint = endpoint_for(instance, environ, _limits(settings.timeout_seconds), resolvers)
    inquiry = Inquiry(endpoint, dialect, transport)
    if instance.kind == "ollama":
        patience = _SHARE_OF_DETAILS * (settings.deadline_seconds - settings.timeout_seconds)
        return OllamaScout(inquiry, patience=patience)
    if instance.kind == "bedrock":
        return BedrockScout(inquiry)
    if instance.kind == "vllm":
        health = Inquiry(_above_version(endpoint), dialect, transport)
        return ListingScout(inquiry, health=health)
    return ListingScout(inquiry)


def build_prober(
    instance: InstanceSettings,
    settings: VerificationSettings,
    environ: Mapping[str, str],
    transport_factory: TransportFactory = transport_for,
    resolvers: Resolvers = ENVIRONMENT_ALONE,
) -> Prober:
    """Return whoever tries the credentials of an instance. It opens no connection before it is asked to.

    Args:
        instance: Whose.
        settings: With the time limits.
        environ: Where headers and proxies are looked up.
        transport_factory: Makes its transport.
        resolvers: Who knows other references than to the environment.
    """

    async def ask(credential: Credential, request: Request) -> None:
        provider = build_provider(instance, environ, transport_factory, resolvers)
        try:
            if isinstance(provider, Authenticated):
                provider.use(credential)
            await provider.chat(request, instance.default_model or "")
        finally:
            with trio.move_on_after(1.0, shield=True):
                await provider.aclose()

    endpoint = empty_endpoint_for(instance, environ, _limits(settings.timeout_seconds), resolvers)
    inquiry = Inquiry(endpoint, DIALECTS[instance.kind], transport_factory(instance, environ))
    is_listed = instance.kind not in _UNLISTED and not _has_aliases(instance)
    return ListProber(
        inquiry,
        model=instance.default_model if is_listed else None,
        ask_model=ask if settings.chat_probe and instance.default_model is not None else None,
    )


def _has_aliases(instance: InstanceSettings) -> bool:
    """Whether the vendor takes names that its list does not have ("claude-sonnet-4-5" for a dated one)."""
    return instance.kind == "anthropic"


def build_sentry(instance: InstanceSettings, settings: DiscoverySettings) -> Sentry | None:
    """Return the sentry of an engine on this machine, None for anything else."""
    if instance.kind not in _ENGINES or instance.base_url is None or not is_loopback(instance.base_url):
        return None
    inside = Endpoint(name=instance.name, root_url=instance.base_url, timeouts=_limits(settings.timeout_seconds))
    return OutsideSentry(inside, DIALECTS[instance.kind])


def _limits(seconds: float) -> TimeoutSettings:
    return TimeoutSettings(connect=seconds, first_byte=seconds, first_content=seconds, gap=seconds)


def _above_version(endpoint: Endpoint) -> Endpoint:
    """Return the root of the server, which stands above the version of its API."""
    root = str(endpoint.root).rstrip("/").removesuffix("/v1")
    return Endpoint(name=endpoint.name, root_url=root, timeouts=endpoint.timeouts)
