"""The transport that an instance's settings ask for."""

from __future__ import annotations

import importlib.util
import ssl
import urllib.request
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpx

from ...messages.settings import InstanceSettings
from ..transport import TransportLimits, choose_transport

# From an instance and the environment.
TransportFactory: TypeAlias = Callable[[InstanceSettings, Mapping[str, str]], httpx.AsyncBaseTransport]

# Beside the calls that the connection counts there may be a catalogue request.
_SPARE_CONNECTIONS: Final = 4


def transport_for(instance: InstanceSettings, environ: Mapping[str, str]) -> httpx.AsyncBaseTransport:
    """Return the transport that the settings choose; a proxy is taken from the environment, and only with "httpx"."""
    limits = TransportLimits(
        max_connections=instance.max_concurrency + _SPARE_CONNECTIONS,
        max_idle_per_origin=instance.max_concurrency,
        idle_expiry=instance.keep_alive,
    )
    by_httpx = instance.transport == "httpx"
    return choose_transport(
        instance.transport,
        limits=limits,
        ssl_context=None if instance.verify_tls else _trusting_anyone(),
        proxy=_proxy_for(instance, environ) if by_httpx else None,
        http2=by_httpx and importlib.util.find_spec("h2") is not None,
    )


def _trusting_anyone() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _proxy_for(instance: InstanceSettings, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that curl would use for this address."""
    url = urlsplit(instance.base_url or "")
    variables = {name.lower(): value for name, value in environ.items() if value}
    # Upper-case HTTP_PROXY is left alone, as in curl: in a CGI process it is a request header of the client.
    proxy = environ.get("http_proxy") if url.scheme == "http" else variables.get("https_proxy")
    host = f"{url.hostname}:{url.port}" if url.port else url.hostname or ""
    bypassed = urllib.request.proxy_bypass_environment(host, {"no": variables.get("no_proxy", "")})  # type: ignore[attr-defined]
    return None if bypassed else proxy or variables.get("all_proxy")
