"""Credentials in the whole house: tried in order, exchanged without a restart, and never in the way."""

from __future__ import annotations

import contextlib
import json
import threading

import legion_llm
import pytest
from legion_llm.actors.credentials import wallet
from legion_llm.adapters.secrets import vault as vault_module
from legion_llm.adapters.settings import load_settings
from legion_llm.messages.errors import NoRouteError, SettingsError, TargetUnavailable, UnknownProviderError
from upstream import Hang, ScriptedServer, Send, Signal, answer
from vault import FakeVault

PATIENCE = 10.0


class Upstream:
    """An OpenAI-like server that takes some keys and refuses all others."""

    def __init__(self, *keys):
        self.keys = set(keys)

    def __call__(self, request):
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if shown not in self.keys:
            return [Send(answer(b'{"error": {"message": "Incorrect API key"}}', status="401 Unauthorized"))]
        if request.method == "GET":
            return [Send(answer(b'{"data": [{"id": "m"}]}'))]
        message = {"role": "assistant", "content": f"hello {shown}"}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        return [Send(answer(json.dumps(body).encode()))]


@pytest.fixture
def started():
    """Start a gateway with providers and an environment of its own: started({"name": block}, environ)."""
    with contextlib.ExitStack() as stack:

        def start(providers, environ=None, **more):
            settings = load_settings(overrides={"providers": providers, **more}, environ={})
            return stack.enter_context(legion_llm.start(settings, environ={} if environ is None else environ))

        yield start


def at(server, **more):
    block = {"kind": "openai_compat", "base_url": f"{server.url}/v1", "default_model": "m", "models": ["m"]}
    return {**block, **more}


def tried(legion, name="up"):
    """Have the credentials tried, and return what is known of a provider afterwards."""
    legion.verify().get(PATIENCE)
    return provider(legion, name)


def provider(legion, name="up"):
    [info] = [each for each in legion.providers().get(PATIENCE) if each.name == name]
    return info


def test_of_several_credentials_the_first_that_works_is_used(started):
    with ScriptedServer(Upstream("good")) as server:
        legion = started({"up": at(server, api_key=["bad", "env://GOOD", "worse"])}, {"GOOD": "good"})

        info = tried(legion)

        assert (str(info.stage), info.credential, info.reason) == ("verified", "GOOD", "")
        assert legion.chat("hi").get(PATIENCE).text == "hello good"


def test_a_provider_that_refuses_all_we_have_is_not_asked_any_more(started):
    with ScriptedServer(Upstream()) as server:
        legion = started({"up": at(server, api_key="bad")})
        info = tried(legion)
        asked = len(server.requests)

        with pytest.raises(NoRouteError, match="disabled"):
            legion.chat("hi").get(PATIENCE)

        assert (str(info.stage), "Incorrect API key" in info.reason) == ("disabled", True)
        assert len(server.requests) == asked
        assert "NOT USED ANY MORE: up: its credential (providers.up.api_key) is refused" in "\n".join(legion.notes)


def test_a_key_that_is_rotated_is_taken_up_without_a_restart_and_without_a_failed_call(started, monkeypatch):
    monkeypatch.setattr(wallet, "_READ_PAUSE", 0.0)  # else not within a second of the last look
    upstream, environ = Upstream("old"), {"KEY": "old"}
    with ScriptedServer(upstream) as server:
        legion = started({"up": at(server, api_key="env://KEY")}, environ)
        tried(legion)
        before = legion.chat("hi").get(PATIENCE)

        upstream.keys, environ["KEY"] = {"new"}, "new"
        after = legion.chat("hi").get(PATIENCE)

        assert (before.text, after.text, after.routing.attempts) == ("hello old", "hello new", 1)


def test_a_provider_whose_key_was_renewed_comes_back_when_it_is_tried_again(started):
    upstream = Upstream()
    with ScriptedServer(upstream) as server:
        legion = started({"up": at(server, api_key="k")})
        before = tried(legion)

        upstream.keys = {"k"}
        [stage] = legion.verify("up").get(PATIENCE)

        assert (str(before.stage), str(stage.stage)) == ("disabled", "verified")
        assert legion.chat("hi").get(PATIENCE).text == "hello k"


def test_a_dead_host_delays_neither_the_start_nor_the_others(started):
    asked = threading.Event()
    with ScriptedServer([Signal(asked), Hang()]) as dead, ScriptedServer(Upstream("k")) as well:
        legion = started(
            {"dead": at(dead, api_key="k"), "well": at(well, api_key="k")},
            verification={"deadline_seconds": 60, "timeout_seconds": 60},
        )
        assert asked.wait(PATIENCE)

        assert legion.chat("hi", provider="well").get(PATIENCE).text == "hello k"
        assert str(provider(legion, "dead").stage) == "usable"


def test_credentials_are_tried_after_the_start_without_being_asked_to(started):
    taken = threading.Event()
    with ScriptedServer([Send(answer(b'{"data": [{"id": "m"}]}')), Signal(taken)]) as server:
        started({"up": at(server, api_key="k")})

        assert taken.wait(PATIENCE)

    assert [(request.method, request.path) for request in server.requests] == [("GET", "/v1/models")]


def test_without_verification_nobody_is_tried(started):
    with ScriptedServer(Upstream("k")) as server:
        legion = started({"up": at(server, api_key="k")}, verification={"enabled": False})

        assert legion.chat("hi").get(PATIENCE).text == "hello k"
        assert [request.method for request in server.requests] == ["POST"]


def test_a_malformed_address_is_an_error_in_the_settings(started):
    with pytest.raises(SettingsError, match=r"providers\.up\.base_url"):
        started({"up": {"kind": "openai_compat", "base_url": "localhost:8000"}})


def test_a_provider_without_a_credential_is_shown_as_configured_and_never_asked(started):
    with ScriptedServer(Upstream("k")) as server:
        legion = started({"lacking": at(server, api_key="env://UNSET"), "demo": {}})

        info = provider(legion, "lacking")
        with pytest.raises(UnknownProviderError):
            legion.chat("hi", provider="lacking").get(PATIENCE)

    assert (str(info.stage), info.reason) == ("configured", "environment variable UNSET is not set")
    assert server.requests == []


def test_no_placeholder_ever_reaches_the_wire(started):
    with ScriptedServer(Upstream("k")) as server:
        legion = started({"up": at(server, api_key=["env://UNSET", "vault://a#b", "k"])})
        tried(legion)
        legion.chat("hi").get(PATIENCE)

    assert {request.headers["authorization"] for request in server.requests} == {"Bearer k"}


def test_inspection_shows_where_a_credential_comes_from_and_never_the_credential(started):
    with ScriptedServer(Upstream("planted-secret")) as server:
        legion = started({"up": at(server, api_key="env://KEY")}, {"KEY": "planted-secret"})
        tried(legion)

        shown = legion.inspect("credentials")

    assert shown["snapshot"]["up"]["credential"] == "KEY"
    assert "planted" not in repr(shown) + repr(legion.notes)


# -- from Vault


@pytest.fixture
def vault():
    """A Vault that knows the key of the upstream, and where it listens."""
    fake = FakeVault()
    fake.values["secret/llm"] = {"key": "from-vault"}
    with fake.server() as server:
        fake.settings = {"address": server.url, "token": "root", "timeout_seconds": 5}
        yield fake


def test_a_key_in_vault_is_used_from_the_first_call_on(started, vault):
    with ScriptedServer(Upstream("from-vault")) as server:
        legion = started({"up": at(server, api_key="vault://secret/llm#key")}, vault=vault.settings)

        assert legion.chat("hi").get(PATIENCE).text == "hello from-vault"
        assert tried(legion).credential == "providers.up.api_key (vault://)"


def test_a_key_that_is_rotated_in_vault_is_taken_up_by_the_next_call(started, vault, monkeypatch):
    monkeypatch.setattr(wallet, "_READ_PAUSE", 0.0)
    monkeypatch.setattr(vault_module, "_TOGETHER", 0.0)
    upstream = Upstream("from-vault")
    with ScriptedServer(upstream) as server:
        legion = started({"up": at(server, api_key="vault://secret/llm#key")}, vault=vault.settings)
        legion.chat("hi").get(PATIENCE)

        upstream.keys, vault.values["secret/llm"] = {"rotated"}, {"key": "rotated"}

        assert legion.chat("hi").get(PATIENCE).text == "hello rotated"


def test_a_vault_that_never_answers_delays_no_start_and_only_the_calls_that_need_it(started, vault):
    vault.fault = "hang"
    with ScriptedServer(Upstream("k")) as server:
        providers = {"secret": at(server, api_key="vault://secret/llm#key"), "plain": at(server, api_key="k")}
        legion = started(providers, vault={**vault.settings, "timeout_seconds": 0.2})

        assert legion.chat("hi", provider="plain").get(PATIENCE).text == "hello k"
        with pytest.raises((TargetUnavailable, NoRouteError)):
            legion.chat("hi", provider="secret").get(PATIENCE)
        assert str(tried(legion, "secret").stage) == "configured"


def test_a_key_that_vault_gives_late_makes_its_provider_usable(started, vault):
    vault.fault = "sealed"
    with ScriptedServer(Upstream("from-vault")) as server:
        legion = started({"up": at(server, api_key="vault://secret/llm#key")}, vault=vault.settings)
        before = tried(legion)

        vault.fault = None
        after = tried(legion)

        assert (str(before.stage), before.reason) == ("configured", "Vault: Vault is sealed")
        assert str(after.stage) == "verified"
        assert legion.chat("hi").get(PATIENCE).text == "hello from-vault"
