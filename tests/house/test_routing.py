"""Rules, intents and privacy through the whole house: the upstreams see who was asked."""

from __future__ import annotations

import httpx
import pytest
from legion_llm.messages.errors import PrivacyModeError
from upstream import openai_upstream

BODY = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def other():
    with openai_upstream() as server:
        yield server


@pytest.fixture
def two(upstream, other, make_provider):
    """Two providers: one that counts as outside, one that counts as one's own machine."""
    return {"outside": make_provider(upstream), "inside": make_provider(other, tier="local")}


RULES = {"rules": [{"name": "thrift", "when": {"cost": "low"}, "then": {"provider": "inside"}}]}


def test_a_rule_sends_a_request_where_it_says_and_the_answer_tells(embedded, two):
    legion = embedded(two, routing=RULES, default_provider="outside")

    plain, thrifty = legion.chat("hi").get(10), legion.chat("hi", intent={"cost": "low"}).get(10)

    assert (plain.routing.provider, plain.routing.rule, plain.routing.strategy) == ("outside", None, "default")
    assert (thrifty.routing.provider, thrifty.routing.rule, thrifty.routing.strategy) == ("inside", "thrift", "rule")


def test_a_strictly_private_request_never_reaches_the_outside(embedded, two, upstream):
    legion = embedded(two, default_provider="outside")

    answer = legion.chat("secret", intent={"privacy": "strict"}).get(10)

    assert answer.routing.provider == "inside"
    assert [str(each) for each in answer.routing.rejected] == ["outside/m-1: privacy=strict forbids tier openai_compat"]
    assert not [call for call in upstream.requests if "secret" in str(call)]


def test_nor_does_it_where_only_the_outside_is_named(embedded, two, upstream):
    legion = embedded(two, enterprise_privacy=True)

    with pytest.raises(PrivacyModeError, match="enterprise privacy forbids tier openai_compat"):
        legion.chat("secret", provider="outside").get(10)

    assert not [call for call in upstream.requests if "secret" in str(call)]


def test_headers_carry_intents_in_and_reasons_out(serving, two):
    legion = serving(
        two, routing=RULES, default_provider="outside", aliases={"private": {"intent": {"privacy": "strict"}}}
    )

    answer = httpx.post(f"{legion.url}/v1/chat/completions", json=BODY, headers={"X-Legion-Intent-Cost": "low"})
    private = httpx.post(f"{legion.url}/v1/chat/completions", json={**BODY, "model": "private"})

    assert (answer.headers["x-legion-rule"], answer.headers["x-legion-strategy"]) == ("thrift", "rule")
    assert answer.headers["x-legion-provider"] == "inside"
    assert (private.headers["x-legion-provider"], private.headers["x-legion-rejected"]) == (
        "inside",
        "outside/m-1=privacy",
    )


def test_a_host_may_ask_why(embedded, two):
    legion = embedded(two, routing=RULES, default_provider="outside")

    told = legion.route(intent={"cost": "low"}).get(10)

    assert [str(each.target) for each in told.candidates] == ["inside/m-1", "outside/m-1"]
    assert (told.strategy, told.rules[0].place, told.error) == ("rule", 1, None)
    assert "thrift  place 1" in str(told)


def test_aliases_are_listed_for_clients_that_let_people_choose(serving, two):
    legion = serving(two, aliases={"fast": "inside/m-1"})

    listed = httpx.get(f"{legion.url}/v1/models").json()

    assert "fast" in [each["id"] for each in listed["data"]]
