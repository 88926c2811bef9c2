"""Scouts in front of real servers, well and ill."""

from __future__ import annotations

import json

import pytest
import trio
from legion_llm.adapters.scouts import inquiry
from legion_llm.adapters.scouts.build import build_scout, build_sentry, is_to_be_looked_at
from legion_llm.adapters.scouts.outside import OutsideSentry, outward_addresses
from legion_llm.messages.catalogue import Capability
from legion_llm.messages.errors import AuthError, LegionError, ProviderDown, ProviderError
from legion_llm.messages.secret import SecretRef
from legion_llm.messages.settings import DiscoverySettings, ProviderSettings, Settings, expand_instances
from upstream import (
    Fault,
    Hang,
    ScriptedServer,
    Send,
    Trickle,
    answer,
    anthropic_upstream,
    bedrock_upstream,
    gemini_upstream,
    ollama_upstream,
    openai_upstream,
)

pytestmark = pytest.mark.trio

SERVERS = {
    "openai_compat": openai_upstream,
    "anthropic": anthropic_upstream,
    "gemini": gemini_upstream,
    "bedrock": bedrock_upstream,
    "mlx": openai_upstream,
}
PATIENT = DiscoverySettings(timeout_seconds=20.0, deadline_seconds=40.0)
NOT_FOUND = Send(answer(b'{"error": {"message": "no such path"}}', status="404 Not Found"))


def instance_at(url, kind, **block):
    [instance] = expand_instances(Settings(providers={"up": ProviderSettings(kind=kind, base_url=url, **block)}))
    return instance


@pytest.fixture
async def scout():
    """Return the scout of a server; its connections are closed afterwards."""
    made = []

    def make(server, kind, settings=PATIENT, **block):
        made.append(build_scout(instance_at(server.url, kind, **block), settings, {}))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()


def server_of(answers):
    """Serve JSON by path; anything else is not found."""

    def script(request):
        found = answers.get(request.path)
        if callable(found):
            found = found(request)
        return [
            NOT_FOUND
            if found is None
            else found
            if isinstance(found, Hang)
            else Send(answer(json.dumps(found).encode()))
        ]

    return ScriptedServer(script)


def names(models):
    return [each.name for each in models]


# -- lists


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_provider_lists_its_models(scout, kind):
    with SERVERS[kind]() as server:
        models = await scout(server, kind, api_key=SecretRef.of("sk-1")).look()

    assert names(models) == ["m-1"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.REFUSE, ProviderDown),
        (Fault.STATUS_401, AuthError),
        (Fault.STATUS_500, ProviderError),
        (Fault.HTML_200, ProviderError),
        (Fault.INVALID_JSON, ProviderError),
        (Fault.NOT_HTTP, ProviderError),
        (Fault.RESET_BEFORE_HEADERS, ProviderDown),
        (Fault.HALF_BODY, ProviderError),
    ],
)
async def test_a_provider_that_cannot_be_read_is_a_typed_error(scout, fault, expected):
    with openai_upstream(fault) as server, pytest.raises(expected):
        await scout(server, "openai_compat").look()


async def test_a_host_that_accepts_and_never_answers_costs_one_time_limit(scout):
    with ScriptedServer([Hang()]) as server, trio.fail_after(10):
        with pytest.raises(ProviderDown, match=r"0\.1 s"):
            await scout(server, "openai_compat", DiscoverySettings(timeout_seconds=0.1)).look()

        assert await trio.to_thread.run_sync(server.client_closed.wait, 5)


async def test_a_huge_answer_is_not_read_to_its_end(scout, monkeypatch):
    monkeypatch.setattr(inquiry, "MAX_BODY_BYTES", 1000)
    with (
        ScriptedServer([Send(answer(b'{"data": [' + b" " * 2000 + b"]}"))]) as server,
        pytest.raises(ProviderError, match="1000 bytes"),
    ):
        await scout(server, "openai_compat").look()


async def test_a_header_that_never_ends_is_given_up(scout):
    with (
        ScriptedServer([Trickle(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, 0.0, 8192)]) as server,
        pytest.raises(ProviderDown, match="65536 bytes"),
    ):
        await scout(server, "openai_compat").look()


async def test_the_demo_model_needs_nobody():
    [instance] = expand_instances(Settings(providers={"demo": ProviderSettings(enabled=True)}))

    models = await build_scout(instance, PATIENT, {}).look()

    assert "demo" in names(models)
    assert all(Capability.CHAT in each.can for each in models)


# -- vLLM

VLLM = {"data": [{"id": "Qwen/Qwen3-32B", "max_model_len": 32768}]}


async def test_vllm_is_asked_for_its_health_beside_the_version_and_then_for_its_models(scout):
    with server_of({"/health": {}, "/v1/models": VLLM}) as server:
        [facts] = await scout(server, "vllm").look()

    assert (facts.name, facts.context_window) == ("Qwen/Qwen3-32B", 32768)
    assert [request.path for request in server.requests] == ["/health", "/v1/models"]


async def test_vllm_whose_engine_has_died_does_not_answer_even_if_it_lists_models(scout):
    ill = Send(answer(b"", status="503 Service Unavailable"))
    with (
        ScriptedServer(
            lambda request: [ill] if request.path == "/health" else [Send(answer(json.dumps(VLLM).encode()))]
        ) as server,
        pytest.raises(ProviderError),
    ):
        await scout(server, "vllm").look()


async def test_a_gateway_before_vllm_need_not_have_the_path(scout):
    with server_of({"/v1/models": VLLM}) as server:
        assert names(await scout(server, "vllm").look()) == ["Qwen/Qwen3-32B"]


# -- Ollama

TAGS = {
    "models": [
        {"name": "qwen3:8b", "digest": "d1", "size": 5_000_000_000},
        {"name": "nomic-embed-text:latest", "digest": "d2", "size": 300_000_000},
    ]
}
SHOWN = {
    "qwen3:8b": {
        "capabilities": ["completion", "tools"],
        "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
    },
    "nomic-embed-text:latest": {"capabilities": ["embedding"], "model_info": {}},
}


def shown(request):
    return SHOWN[request.json()["model"]]


OLLAMA = {
    "/api/tags": TAGS,
    "/api/ps": {"models": [{"name": "qwen3:8b", "context_length": 4096}]},
    "/api/show": shown,
}


async def test_ollama_tells_its_models_their_details_and_what_is_in_memory(scout):
    with server_of(OLLAMA) as server:
        qwen, nomic = await scout(server, "ollama").look()

    assert (qwen.name, qwen.size_bytes, qwen.context_window) == ("qwen3:8b", 5_000_000_000, 40960)
    assert (qwen.loaded, qwen.served_context) == (True, 4096)
    assert Capability.TOOLS in qwen.can
    assert (nomic.loaded, Capability.EMBED in nomic.can, Capability.CHAT in nomic.cannot) == (False, True, True)


async def test_details_are_asked_for_once_a_digest(scout):
    with server_of(OLLAMA) as server:
        there = scout(server, "ollama")
        first = await there.look()
        second = await there.look()

    assert first == second
    assert [request.path for request in server.requests].count("/api/show") == 2


async def test_a_model_that_was_pulled_anew_is_asked_about_anew(scout):
    tags = {"models": [{"name": "qwen3:8b", "digest": "d1"}]}
    with server_of({**OLLAMA, "/api/tags": lambda _: tags}) as server:
        there = scout(server, "ollama")
        await there.look()
        tags["models"][0]["digest"] = "d3"
        await there.look()

    assert [request.path for request in server.requests].count("/api/show") == 2


async def test_an_old_ollama_that_knows_only_the_list_is_enough(scout):
    with server_of({"/api/tags": TAGS}) as server:
        models = await scout(server, "ollama").look()

    assert names(models) == ["qwen3:8b", "nomic-embed-text:latest"]
    assert models[0].loaded is None


async def test_details_that_do_not_come_in_time_are_left_out_and_asked_for_again(scout):
    hangs = [True]
    answers = {**OLLAMA, "/api/show": lambda request: Hang() if hangs[0] else shown(request)}
    with server_of(answers) as server, trio.fail_after(20):
        there = scout(server, "ollama", DiscoverySettings(timeout_seconds=5.0, deadline_seconds=5.2))
        first = await there.look()
        hangs[0] = False
        second = await there.look()

    assert names(first) == names(second)
    assert first[0].context_window is None
    assert second[0].context_window == 40960


async def test_one_model_that_cannot_be_shown_spoils_nothing(scout):
    answers = {**OLLAMA, "/api/show": lambda request: None if "nomic" in request.json()["model"] else shown(request)}
    with server_of(answers) as server:
        qwen, nomic = await scout(server, "ollama").look()

    assert (qwen.context_window, nomic.context_window, nomic.can) == (40960, None, set())


async def test_an_ollama_without_models_has_none(scout):
    with ollama_upstream() as _, server_of({"/api/tags": {"models": []}}) as server:
        assert await scout(server, "ollama").look() == ()


# -- who is looked at


MODELS = {"modelSummaries": [{"modelId": "nova", "inferenceTypesSupported": ["ON_DEMAND"]}, {"modelId": "claude"}]}
PROFILES = {"inferenceProfileSummaries": [{"inferenceProfileId": "us.claude"}]}


async def test_bedrock_tells_models_and_profiles(scout):
    answers = {"/foundation-models": MODELS, "/inference-profiles?maxResults=1000": PROFILES}
    with server_of(answers) as server:
        found = await scout(server, "bedrock", api_key=SecretRef.of("k")).look()

    assert [each.name for each in found] == ["nova", "claude", "us.claude"]


async def test_who_may_not_list_profiles_still_gets_the_models(scout):
    with server_of({"/foundation-models": MODELS}) as server:
        found = await scout(server, "bedrock", api_key=SecretRef.of("k")).look()

    assert [each.name for each in found] == ["nova", "claude"]


@pytest.mark.parametrize(
    ("kind", "models", "asked"),
    [("ollama", None, True), ("openai", None, True), ("openai", ("m",), False), ("azure", None, False)],
)
async def test_whoever_can_tell_is_asked_unless_the_settings_tell(kind, models, asked):
    assert is_to_be_looked_at(instance_at("http://localhost:1", kind, models=models)) is asked


# -- from outside


def sentry_of(server, kind, addresses):
    sentry = build_sentry(instance_at(server.url, kind), PATIENT)
    return OutsideSentry(sentry._inside, sentry._dialect, lambda: addresses)


async def test_an_engine_that_answers_at_another_address_is_exposed():
    with server_of(OLLAMA) as server:
        assert await sentry_of(server, "ollama", ("127.0.0.2", "127.0.0.1")).exposure() == f"127.0.0.1:{server.port}"


async def test_an_engine_that_listens_on_loopback_alone_is_not():
    with server_of(OLLAMA) as server:
        assert await sentry_of(server, "ollama", ("127.0.0.2",)).exposure() is None


async def test_an_engine_that_asks_for_a_key_is_not():
    with openai_upstream(Fault.STATUS_401) as server:
        assert await sentry_of(server, "vllm", ("127.0.0.1",)).exposure() is None


@pytest.mark.parametrize(("kind", "url"), [("openai", "http://localhost:1"), ("ollama", "http://gpu.example:11434")])
async def test_only_engines_on_this_machine_are_looked_at_from_outside(kind, url):
    assert build_sentry(instance_at(url, kind), PATIENT) is None


async def test_the_outward_addresses_are_not_loopback():
    assert not {"127.0.0.1", "::1"} & set(outward_addresses())


@pytest.mark.parametrize("kind", ["openai_compat", "ollama"])
async def test_neither_scout_nor_error_shows_a_credential(scout, kind):
    with ScriptedServer([Send(answer(b"{}"))]) as server:
        there = scout(server, kind, api_key=SecretRef.of("planted-secret"))
        with pytest.raises(LegionError) as caught:
            await there.look()

    assert "planted" not in repr(there._inquiry) + str(caught.value)
