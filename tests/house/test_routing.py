"""Rules, intents and privacy through the whole house: the upstreams see who was asked."""

from __future__ import annotations

import json

import httpx
import pytest
from click.testing import CliRunner
from legion_llm.adapters.cli.main import cli
from legion_llm.messages.errors import PrivacyModeError
from upstream import Fault, openai_upstream

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


def test_streams_say_in_their_headers_who_answers_when_it_is_known(serving, upstream, make_provider):
    with openai_upstream(Fault.STATUS_500) as sick:
        legion = serving({"sick": make_provider(sick), "well": make_provider(upstream)})
        body = {**BODY, "model": "m-1", "stream": True}

        answer = httpx.post(f"{legion.url}/v1/chat/completions", json=body, headers={"X-Legion-Conversation-Id": "new"})

    told = {name: answer.headers[f"x-legion-{name}"] for name in ("provider", "model", "tier", "attempts", "strategy")}
    assert told == {
        "provider": "well",
        "model": "m-1",
        "tier": "openai_compat",
        "attempts": "3",
        "strategy": "explicit",
    }
    assert answer.headers["x-legion-conversation-id"].startswith("conv_")


def test_a_repeated_stream_says_who_answered_the_first_time(serving, two):
    legion = serving(two)
    sent = {"json": {**BODY, "provider": "inside", "stream": True}, "headers": {"Idempotency-Key": "k"}}

    first, second = [httpx.post(f"{legion.url}/v1/chat/completions", **sent) for _ in range(2)]

    assert second.headers["x-legion-provider"] == first.headers["x-legion-provider"]


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


# -- asked over HTTP

ROUTE = "/api/llm/route"


@pytest.fixture
def served(serving, two):
    return serving(two, routing=RULES, default_provider="outside")


def test_a_client_may_ask_why(served):
    body = {"needs": ["tools"], "tokens": 9000, "legion": {"intent": {"cost": "low"}, "exclude": [{"tier": "cloud"}]}}

    answer = httpx.post(served.url + ROUTE, json=body)

    told = answer.json()["data"]
    assert (answer.status_code, answer.headers["x-legion-strategy"]) == (200, "rule")
    assert [each["provider"] for each in told["candidates"]] == ["inside", "outside"]
    assert told["rules"] == [
        {"name": "thrift", "priority": 0.0, "place": 1, "reason": None, "text": None, "note": None}
    ]


def test_people_may_have_tables(served):
    answer = httpx.post(served.url + ROUTE, json={}, headers={"accept": "text/plain", "x-legion-intent-cost": "low"})

    assert answer.headers["content-type"].startswith("text/plain")
    assert "1  inside/m-1" in answer.text


def test_what_cannot_be_routed_is_an_explanation_and_no_error(served):
    answer = httpx.post(served.url + ROUTE, json={"model": "outside/m-1", "legion": {"intent": {"privacy": "strict"}}})

    assert (answer.status_code, answer.headers["x-legion-strategy"]) == (200, "none")
    assert answer.json()["data"]["error"].startswith("no target may be used now: outside/m-1: privacy=strict")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"needs": ["sight"]}, "needs must be among"),
        ({"needs": "tools"}, "needs must be an array"),
        ({"tokens": -1}, "tokens must be"),
        ({"modle": "m"}, "modle is unknown"),
        ({"legion": {"exclude": ["openai"]}}, "legion.exclude.0 must be a mapping"),
        ({"legion": {"intent": "cheap"}}, "legion.intent must be an object"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(served, body, words):
    answer = httpx.post(served.url + ROUTE, json=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert words in answer.json()["error"]["message"]


# -- asked by the command line


@pytest.fixture
def ask(served):
    def run(*arguments, url=None, env=None):
        command = ["route", "explain", "--url", url or served.url, *arguments]
        return CliRunner(env=env).invoke(cli, command, prog_name="legion-llm")

    return run


def test_the_command_line_asks_a_running_gateway(ask):
    result = ask("--intent", "cost=low")

    assert result.exit_code == 0, result.stderr
    assert "1  inside/m-1" in result.stdout
    assert "thrift  place 1" in result.stdout


def test_and_prints_json_for_programs(ask):
    result = ask("--json", "--needs", "tools", "hello")

    assert json.loads(result.stdout)["strategy"] == "default"


def test_it_fails_where_there_is_no_route(ask):
    result = ask("--model", "outside/m-1", "--intent", "privacy=strict")

    assert (result.exit_code, "error: no target may be used now" in result.stdout) == (1, True)


def test_a_gateway_s_refusal_is_told(ask):
    result = ask("--exclude", "povider=x")

    assert (result.exit_code, "legion.exclude.0: known are provider, model, tier" in result.stderr) == (1, True)


def test_so_is_that_nobody_listens(ask):
    result = ask(url="http://127.0.0.1:9")

    assert (result.exit_code, result.stderr.startswith("Error: http://127.0.0.1:9: ")) == (1, True)


def test_a_key_may_stand_in_the_environment(serving, two, ask):
    guarded = serving(two, api={"port": 0, "keys": {"ann": "sk-ann"}})

    assert ask(url=guarded.url).exit_code == 1
    assert ask(url=guarded.url, env={"LEGION_LLM_API_KEY": "sk-ann"}).exit_code == 0
