"""Who may, what is secret, and what it may cost, seen from both doors."""

from __future__ import annotations

import asyncio

import httpx
import legion_llm
import pytest
from legion_llm import Caller, Host, Verdict

PATIENCE = 10.0
SSN = "my number is 123-45-6789"


@pytest.fixture
def two(embedded, upstream, make_provider):
    """Starts a gateway with a local and a cloud provider; both are the same server, and the chain of the answer tells which was asked."""

    def start(**more):
        providers = {
            "cloud": make_provider(upstream, tier="cloud"),
            "near": make_provider(upstream, tier="local"),
        }
        return embedded(providers, **more)

    return start


def asked(legion, text, **fields):
    response = legion.chat(text, **fields).get(PATIENCE)
    return response.routing.provider, response


def test_medical_and_personal_data_stay_on_this_machine(two, upstream):
    legion = two(compliance={"classification_scan": True})

    assert asked(legion, "hello")[0] == "cloud"
    provider, response = asked(legion, SSN, model="cloud/m-1")

    assert provider == "near"
    assert response.enrichments["classification:scan"]["level"] == "restricted"
    assert any("stays on this machine" in warning for warning in response.warnings)


def test_the_cloud_is_refused_what_is_restricted_even_if_the_caller_insists(two, upstream):
    legion = two(
        compliance={
            "classification_scan": True,
            "restricted_to_local": False,
            "phi_block_cloud": True,
            "cloud_providers": ["cloud"],
        }
    )

    assert asked(legion, SSN)[0] == "near"
    with pytest.raises(legion_llm.PipelineError, match="which is cloud"):
        legion.chat(SSN, provider="cloud").get(PATIENCE)


def test_what_is_found_is_replaced_before_it_is_sent(two, upstream):
    legion = two(compliance={"classification_scan": True, "redact_pii": True, "redaction_placeholder": "<gone>"})

    legion.chat(SSN, system="About 555-123-4567").get(PATIENCE)

    sent = upstream.requests[-1].json()["messages"]
    assert [message["content"] for message in sent] == ["About <gone>", "my number is <gone>"]


def test_a_declared_level_is_kept_to_without_any_finding(two, upstream):
    legion = two(compliance={"classification_scan": True})

    assert asked(legion, "hello", classification="restricted")[0] == "near"
    with pytest.raises(legion_llm.InvalidRequestError, match="classification must be public, internal"):
        legion.chat("hello", classification="top secret")


def test_a_key_that_the_allow_list_does_not_speak_of_is_refused_over_http(serving, upstream, make_provider):
    legion = serving(
        {"p": make_provider(upstream)},
        api={"port": 0, "keys": {"alice": "key-of-alice", "bob": "key-of-bob"}},
        rbac={"enabled": True, "allow": [{"identity": "alice"}]},
    )

    def ask(key):
        body = {"model": "m-1", "messages": [{"role": "user", "content": "hi"}]}
        headers = {"authorization": f"Bearer {key}"}
        return httpx.post(f"{legion.url}/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE)

    assert ask("key-of-alice").status_code == 200
    refused = ask("key-of-bob")
    assert refused.status_code == 403
    assert "no entry of the allow-list speaks of 'bob'" in refused.json()["error"]["message"]
    assert len(upstream.requests) == 1


def test_a_caller_gets_the_models_it_was_granted(two):
    legion = two(rbac={"enabled": True, "allow": [{"identity": "alice", "models": ["near/*"]}]})
    alice = Caller(identity="alice")

    assert asked(legion, "hi", caller=alice)[0] == "near"
    with pytest.raises(legion_llm.PipelineError, match="may not use this model"):
        legion.chat("hi", caller=alice, provider="cloud").get(PATIENCE)


@pytest.mark.parametrize("is_async", [True, False])
def test_a_host_brings_its_own_check(upstream, make_provider, is_async):
    class Plain:
        def decide(self, caller, action, resource):
            return Verdict(
                is_allowed=caller.identity == "alice", reason=f"{caller.identity} may not {action} {resource}"
            )

    class Awaited(Plain):
        async def decide(self, caller, action, resource):
            await asyncio.sleep(0)
            return super().decide(caller, action, resource)

    access = Awaited() if is_async else Plain()
    given = {"providers": {"p": make_provider(upstream)}, "rbac": {"enabled": True}}

    async def main():
        async with legion_llm.start(given, environ={}, host=Host(access=access)) as legion:
            await legion.chat("hi", caller=Caller(identity="alice"))
            with pytest.raises(legion_llm.PipelineError, match="bob may not use llm/pipeline"):
                await legion.chat("hi", caller=Caller(identity="bob"))

    asyncio.run(main())


@pytest.mark.parametrize("fail_open", [True, False])
def test_a_check_that_fails_lets_through_or_not_as_the_settings_say(upstream, make_provider, fail_open):
    class Down:
        def decide(self, caller, action, resource):
            raise ConnectionError("no directory")

    given = {"providers": {"p": make_provider(upstream)}, "rbac": {"enabled": True, "fail_open": fail_open}}
    with legion_llm.start(given, environ={}, host=Host(access=Down())) as legion:
        if fail_open:
            assert "unchecked" in legion.chat("hi").get(PATIENCE).warnings[0]
        else:
            with pytest.raises(legion_llm.PipelineError, match="access control is unavailable"):
                legion.chat("hi").get(PATIENCE)


def test_limits_of_the_caller_are_kept(two, upstream):
    legion = two(pricing={"m-1": {"input": 1000.0, "output": 1000.0}})

    with pytest.raises(legion_llm.TokenBudgetExceeded):
        legion.chat("x" * 4000, max_input_tokens=100).get(PATIENCE)
    with pytest.raises(legion_llm.PipelineError, match="would cost about"):
        legion.chat("x" * 4000, max_cost=0.5).get(PATIENCE)
    assert upstream.requests == []
    assert legion.chat("x" * 4000, max_cost=5, max_input_tokens=2000).get(PATIENCE).text


def test_the_settings_are_as_strict_as_the_others(embedded, upstream, make_provider):
    with pytest.raises(legion_llm.SettingsError, match=r"compliance\.default_level"):
        embedded({"p": make_provider(upstream)}, compliance={"default_level": "secret"})
    with pytest.raises(legion_llm.SettingsError, match=r"rbac\.allow"):
        embedded({"p": make_provider(upstream)}, rbac={"allow": [{"who": "alice"}]})
