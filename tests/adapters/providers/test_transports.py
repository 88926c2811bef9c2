from __future__ import annotations

import httpx
import pytest
from legion_llm.adapters.providers.transports import transport_for
from legion_llm.adapters.transport import LegionTransport
from legion_llm.messages.settings import InstanceSettings, ProviderSettings, Settings, expand_instances


def instance_of(kind, **fields) -> InstanceSettings:
    [instance] = expand_instances(Settings(providers={kind: ProviderSettings(kind=kind, **fields)}))
    return instance


def test_our_own_transport_is_the_default():
    assert isinstance(transport_for(instance_of("ollama"), {}), LegionTransport)


def test_the_transport_of_httpx_can_be_chosen():
    instance = instance_of("ollama", transport="httpx", verify_tls=False)

    assert isinstance(transport_for(instance, {}), httpx.AsyncHTTPTransport)


@pytest.mark.parametrize(
    ("base_url", "environ", "proxy"),
    [
        ("https://host/v1", {"HTTPS_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("https://host/v1", {"https_proxy": "http://proxy:1"}, "http://proxy:1"),
        ("https://host/v1", {"ALL_PROXY": "http://proxy:1"}, "http://proxy:1"),
        ("http://host/v1", {"http_proxy": "http://proxy:1"}, "http://proxy:1"),
        ("http://host/v1", {"HTTP_PROXY": "http://proxy:1"}, None),
        ("https://host/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "other,host"}, None),
        ("https://host:8443/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "host:8443"}, None),
        ("https://host/v1", {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"}, None),
        ("https://host/v1", {}, None),
    ],
)
def test_the_proxy_is_the_one_that_curl_would_take(monkeypatch, base_url, environ, proxy):
    chosen = {}
    monkeypatch.setattr(
        "legion_llm.adapters.providers.transports.choose_transport", lambda _kind, **fields: chosen.update(fields)
    )

    transport_for(instance_of("vllm", base_url=base_url, transport="httpx"), environ)

    assert chosen["proxy"] == proxy
