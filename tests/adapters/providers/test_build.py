from __future__ import annotations

import json

import httpx
import pytest
import trio
from legion_llm.adapters.providers.build import DIALECTS, build_provider
from legion_llm.adapters.providers.demo import DemoProvider
from legion_llm.messages.chat import ChatMessage, Generation, Request
from legion_llm.messages.errors import RateLimitError, SettingsError
from legion_llm.messages.secret import SecretRef
from legion_llm.messages.settings import (
    KINDS,
    DemoSettings,
    InstanceSettings,
    ProviderSettings,
    Settings,
    expand_instances,
)
from upstream import canned_ollama, canned_openai

HELLO = Request(messages=(ChatMessage(content="Hello"),), generation=Generation(max_tokens=5))
ANSWERS = {
    "/v1/chat/completions": canned_openai().whole,
    "/openai/v1/chat/completions": canned_openai().whole,
    "/api/chat": canned_ollama().whole,
}


def instance_of(kind, name=None, **fields) -> InstanceSettings:
    block = ProviderSettings(kind=kind, **fields)
    [instance] = expand_instances(Settings(providers={name or kind: block}))
    return instance


@pytest.fixture
def sent():
    """Return the request that a provider built from an instance sends for a chat."""

    def send(instance, environ) -> httpx.Request:
        requests = []

        def handle(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return httpx.Response(200, content=ANSWERS[request.url.path])

        provider = build_provider(instance, environ, lambda *_: httpx.MockTransport(handle))
        trio.run(provider.chat, HELLO, "m-1")
        return requests[0]

    return send


def test_every_kind_has_a_dialect_but_the_demo_and_the_fleet_which_need_none_and_plugins_which_bring_theirs():
    assert {*DIALECTS, "demo", "fleet", "plugin"} == set(KINDS)


def test_openai_is_asked_at_its_own_address_with_the_key_of_the_environment(sent):
    request = sent(instance_of("openai", organization="org-1"), {"OPENAI_API_KEY": "sk-1"})

    assert str(request.url) == "https://api.openai.com/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-1"
    assert request.headers["openai-organization"] == "org-1"


@pytest.mark.parametrize(
    ("kind", "field"),
    [("openai", "max_completion_tokens"), ("openai_compat", "max_tokens"), ("vllm", "max_tokens")],
)
def test_the_limit_of_the_answer_has_the_name_that_the_server_knows(sent, kind, field):
    instance = instance_of(kind, base_url="http://host:1", api_key="sk-1")

    body = json.loads(sent(instance, {}).content)

    assert {name: body[name] for name in body if name.startswith("max_")} == {field: 5}


def test_ollama_is_asked_in_its_own_dialect_without_a_key(sent):
    request = sent(instance_of("ollama", base_url="http://host:11434/v1"), {"OPENAI_API_KEY": "sk-1"})

    assert str(request.url) == "http://host:11434/api/chat"
    assert "authorization" not in request.headers


AZURE = "https://work.openai.azure.com/openai/v1/"


@pytest.mark.parametrize(
    ("key", "header", "value"),
    [("abc123", "api-key", "abc123"), ("eyJ0.eyJh.c2ln", "authorization", "Bearer eyJ0.eyJh.c2ln")],
    ids=["key", "token"],
)
def test_azure_gets_a_key_under_its_own_name_and_a_token_as_bearer(sent, key, header, value):
    request = sent(instance_of("azure", base_url=AZURE), {"AZURE_OPENAI_API_KEY": key})

    assert str(request.url) == "https://work.openai.azure.com/openai/v1/chat/completions"
    assert request.headers[header] == value
    assert {"api-key", "authorization"} & set(request.headers) == {header}


def test_a_token_that_azures_settings_name_is_a_bearer_whatever_it_looks_like(sent):
    instance = instance_of("azure", base_url=AZURE, bearer_token=SecretRef.of("env://TOKEN"), api_key=SecretRef.of("k"))

    assert sent(instance, {"TOKEN": "opaque"}).headers["authorization"] == "Bearer opaque"
    assert sent(instance, {}).headers["api-key"] == "k"


def test_a_server_that_needs_no_key_gets_none(sent):
    request = sent(instance_of("openai_compat", base_url="http://host:1/v1"), {"OPENAI_API_KEY": "sk-1"})

    assert "authorization" not in request.headers


def test_what_the_settings_add_to_a_body_and_to_the_headers_is_sent(sent):
    instance = instance_of(
        "vllm", base_url="http://host:1", extra_body={"min_p": 0.1}, headers={"X-Team": "env://TEAM"}
    )

    request = sent(instance, {"TEAM": "blue"})

    assert json.loads(request.content)["min_p"] == 0.1
    assert request.headers["x-team"] == "blue"


def test_a_header_of_the_settings_wins_over_the_key(sent):
    instance = instance_of("openai", api_key="sk-1", headers={"Authorization": "Basic abc"})

    assert sent(instance, {}).headers["authorization"] == "Basic abc"


def test_a_missing_key_is_an_error_that_names_setting_and_variables():
    with pytest.raises(SettingsError, match=r"providers\.openai\.api_key.*OPENAI_API_KEY or CODEX_API_KEY") as caught:
        build_provider(instance_of("openai", enabled=True), {})

    assert caught.value.path == "providers.openai.api_key"


def test_a_key_that_is_named_but_not_there_is_an_error_even_where_none_is_needed():
    instance = instance_of("vllm", name="lab", base_url="http://host:1", api_key="env://LAB_KEY")

    with pytest.raises(SettingsError, match="LAB_KEY is not set") as caught:
        build_provider(instance, {})

    assert caught.value.path == "providers.lab.api_key"


def test_a_header_that_is_named_but_not_there_is_an_error():
    instance = instance_of("vllm", base_url="http://host:1", headers={"X-Team": "env://TEAM"})

    with pytest.raises(SettingsError, match="TEAM is not set"):
        build_provider(instance, {})


def test_a_provider_does_not_show_its_key():
    provider = build_provider(instance_of("openai", api_key="sk-hidden"), {})

    assert "sk-hidden" not in repr(provider)
    assert repr(provider) == "<HttpProvider openai: openai.chat at https://api.openai.com/v1>"


@pytest.mark.trio
async def test_the_demo_model_behaves_as_its_settings_say():
    provider = build_provider(instance_of("demo", name="toy", demo=DemoSettings(fail="rate_limit")), {})

    assert isinstance(provider, DemoProvider)
    with pytest.raises(RateLimitError, match="toy"):
        await provider.chat(HELLO, "demo")
