from __future__ import annotations

import pytest
import trio
from legion_llm.adapters.providers import detect
from legion_llm.adapters.providers.detect import DETECTION_ORDER, detect_instances
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import KINDS, ProviderSettings, Settings
from upstream import Hang, ScriptedServer, Send, answer

HEALTHY = [Send(answer(b""))]


@pytest.fixture
def nowhere():
    """The address of a port that refuses connections."""
    with ScriptedServer([], listen=False) as server:
        yield server.url


@pytest.fixture
def settings(nowhere):
    """Return settings in which nothing is found at its usual address, plus the blocks given."""

    def make(**blocks):
        absent = {"ollama": ProviderSettings(base_url=nowhere), "vllm": ProviderSettings(base_url=nowhere)}
        return Settings(providers=absent | blocks)

    return make


def names(found):
    return [instance.name for instance in found.usable]


def reasons(found):
    return {skipped.name: skipped.reason for skipped in found.skipped}


def test_every_kind_has_its_place_in_the_order():
    assert sorted(DETECTION_ORDER) == sorted(KINDS)


@pytest.mark.trio
async def test_where_nothing_answers_every_provider_is_skipped_with_a_reason(settings):
    found = await detect_instances(settings(), {})

    assert names(found) == []
    assert "OPENAI_API_KEY is not set" in reasons(found)["openai"]
    assert "does not accept connections" in reasons(found)["ollama"]
    assert "/health: no connection" in reasons(found)["vllm"]


@pytest.mark.trio
async def test_openai_is_used_as_soon_as_there_is_a_key(settings):
    found = await detect_instances(settings(), {"OPENAI_API_KEY": "sk-1"})

    assert names(found) == ["openai"]


@pytest.mark.trio
async def test_ollama_is_used_when_it_accepts_connections(settings):
    with ScriptedServer([]) as server:
        found = await detect_instances(settings(ollama=ProviderSettings(base_url=server.url)), {})

    assert names(found) == ["ollama"]


@pytest.mark.trio
async def test_vllm_is_used_when_it_says_that_it_is_healthy(settings):
    with ScriptedServer(HEALTHY) as server:
        found = await detect_instances(settings(vllm=ProviderSettings(base_url=f"{server.url}/v1")), {})

    assert names(found) == ["vllm"]
    assert [(request.method, request.path) for request in server.requests] == [("GET", "/health")]


@pytest.mark.trio
async def test_vllm_that_is_still_loading_is_skipped(settings):
    with ScriptedServer([Send(answer(b"", status="503 Loading"))]) as server:
        found = await detect_instances(settings(vllm=ProviderSettings(base_url=server.url)), {})

    assert reasons(found)["vllm"] == f"{server.url}/health answered with status 503"


@pytest.mark.trio
@pytest.mark.parametrize(("probe", "deadline"), [(0.1, 20.0), (20.0, 0.1)])
async def test_a_server_that_hangs_delays_nobody_beyond_the_limits(monkeypatch, settings, probe, deadline):
    monkeypatch.setattr(detect, "PROBE_SECONDS", probe)
    monkeypatch.setattr(detect, "DEADLINE_SECONDS", deadline)
    with ScriptedServer([Hang()]) as server, trio.fail_after(10):
        found = await detect_instances(settings(vllm=ProviderSettings(base_url=server.url)), {"OPENAI_API_KEY": "sk-1"})

        assert names(found) == ["openai"]
        assert "0.1 s" in reasons(found)["vllm"]
        assert await trio.to_thread.run_sync(server.client_closed.wait, 5)


@pytest.mark.trio
async def test_what_is_switched_on_is_taken_as_it_is(settings, nowhere):
    found = await detect_instances(
        settings(
            ollama=ProviderSettings(base_url=nowhere, enabled=True),
            vllm=ProviderSettings(base_url=nowhere, enabled=True),
            openai=ProviderSettings(enabled=True),
            anthropic=ProviderSettings(enabled=True),
            gemini=ProviderSettings(enabled=True),
        ),
        {},
    )

    assert names(found) == ["anthropic", "openai", "gemini", "ollama", "vllm"]
    assert found.skipped == ()


@pytest.mark.trio
async def test_what_is_switched_off_is_never_used(settings):
    with ScriptedServer(HEALTHY) as server:
        off = ProviderSettings(base_url=server.url, enabled=False)
        found = await detect_instances(
            settings(ollama=off, vllm=off, openai=ProviderSettings(enabled=False)), {"OPENAI_API_KEY": "sk-1"}
        )

    assert names(found) == []
    assert server.accepted == 0


@pytest.mark.trio
async def test_hosted_comes_before_local_and_local_before_gateways(settings):
    with ScriptedServer(HEALTHY) as server:
        here = ProviderSettings(base_url=server.url)
        gateway = ProviderSettings(kind="openai_compat", base_url=server.url)
        found = await detect_instances(settings(gateway=gateway, vllm=here, ollama=here), {"OPENAI_API_KEY": "sk-1"})

    assert names(found) == ["openai", "ollama", "vllm", "gateway"]


@pytest.mark.trio
async def test_each_instance_is_asked_for_itself(settings, nowhere):
    with ScriptedServer([]) as server:
        both = {"near": ProviderSettings(base_url=server.url), "far": ProviderSettings(base_url=nowhere)}
        found = await detect_instances(settings(ollama=ProviderSettings(instances=both)), {})

    assert names(found) == ["ollama/near"]
    assert "ollama/far" in reasons(found)


@pytest.mark.trio
async def test_a_gateway_whose_key_is_missing_is_skipped(settings, nowhere):
    gateway = ProviderSettings(kind="openai_compat", base_url=nowhere, api_key="env://GATEWAY_KEY")

    found = await detect_instances(settings(gateway=gateway), {})

    assert reasons(found)["gateway"] == "environment variable GATEWAY_KEY is not set"


@pytest.mark.trio
async def test_a_malformed_setting_is_an_error_and_no_reason_to_look_away(settings):
    with pytest.raises(SettingsError):
        await detect_instances(settings(gateway=ProviderSettings(kind="openai_compat")), {})
