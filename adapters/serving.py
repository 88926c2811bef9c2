"""A gateway that lets HTTP clients in: what `legion-llm serve` starts, and a host that wants to serve as well."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ..messages.settings import Settings
from ..runtime import ActorSystem
from .dialects.anthropic import AnthropicMessages
from .dialects.openai_chat import OpenAIChat
from .dialects.openai_responses import OpenAIResponses
from .facade import Legion
from .gateway import ActorGateway
from .host.host import NO_HOST, Host
from .host.reloading import Reloading
from .http.actor import http_api
from .http.config import HttpApiConfig
from .http.keyring import keyring_of, successors
from .http.listening import ListeningAddress
from .launch import launch
from .telemetry.spyglass import Spyglass


def start_gateway(
    settings: Settings,
    *,
    environ: Mapping[str, str] | None = None,
    name: str = "legion",
    demo_if_empty: bool = True,
    host: Host = NO_HOST,
    reread: Callable[[], Settings] | None = None,
) -> Legion:
    """Start a gateway with its HTTP API at `api.host` and `api.port`, and return when both are ready; `legion.url` tells where.

    Args:
        settings: The settings.
        environ: Environment for credentials; None takes the process's.
        name: Name of the system.
        demo_if_empty: Answer with the built-in demo model if no provider is configured or found.
        host: What the host brings along.
        reread: Loads the settings anew, for `Legion.reload` and for administrators over HTTP; None: they stay as they are.

    Raises:
        SettingsError: The configuration is wrong.
        StartFailed: The port is in use, or an actor could not start.
    """
    environ = os.environ if environ is None else environ
    system = ActorSystem(name, dead_letters_kept=settings.runtime.dead_letters_kept)
    gateway = ActorGateway(system, request_timeout=settings.request_timeout, enabled=settings.enabled)
    address = ListeningAddress(settings.api.host, settings.api.port, "http" if settings.api.tls is None else "https")
    keyring = keyring_of(settings.api.keys, environ)
    reloading = Reloading(settings, reread, successors(keyring, environ))
    api = http_api(
        address,
        gateway,
        OpenAIChat(),
        HttpApiConfig(settings=settings.api, cache=settings.response_cache, keyring=keyring),
        others={"/v1/messages": AnthropicMessages(), "/v1/responses": OpenAIResponses()},
        insight=Spyglass(system, lambda: reloading.settings),
        reload=reloading.reload,
    )
    legion = launch(
        settings,
        environ=environ,
        system=system,
        edge=(api,),
        demo_if_empty=demo_if_empty,
        host=host,
        reloading=reloading,
    )
    gateway.kept = legion.gateway.kept
    legion.url = address.url
    return legion
