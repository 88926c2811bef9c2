"""Callers with keys of their own: shown to the one instance that the settings name, and to nobody else."""

from __future__ import annotations

import logging

import anthropic
import httpx
import openai
import pytest
from legion_llm.messages.errors import SettingsError
from upstream import Fault, anthropic_upstream, openai_upstream

OWN = "sk-a-key-of-my-own"
KEYS = {"ann": "key-of-ann"}
BODY = {"model": "m-1", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def legion(serving, upstream, make_provider):
    """A gateway that has a key of its own, and passes others' through."""
    return serving(
        {"up": make_provider(upstream, api_key="key-of-the-gateway"), "other": make_provider(upstream)},
        api={"port": 0, "keys": KEYS, "pass_through": "up"},
    )


def post(legion, key, body=BODY, path="/v1/chat/completions", **headers):
    return httpx.post(
        f"{legion.url}{path}", json=body, headers={"authorization": f"Bearer {key}", **headers}, trust_env=False
    )


def shown(upstream):
    return [request.headers.get("authorization") for request in upstream.requests]


@pytest.mark.parametrize("stream", [False, True])
def test_a_key_of_ones_own_is_shown_to_the_provider_instead_of_ours(legion, upstream, stream):
    answer = post(legion, OWN, {**BODY, "stream": stream})

    assert (answer.status_code, shown(upstream)) == (200, [f"Bearer {OWN}"])


def test_who_has_a_key_of_the_gateway_goes_with_the_gateways(legion, upstream):
    assert post(legion, "key-of-ann", {**BODY, "model": "up/m-1"}).status_code == 200
    assert shown(upstream) == ["Bearer key-of-the-gateway"]


@pytest.mark.parametrize(
    ("body", "headers"),
    [({}, {"x-legion-provider": "other"}), ({"legion": {"provider": "other"}}, {}), ({"model": "other/m-1"}, {})],
    ids=["by a header", "by a field", "by a model"],
)
def test_with_a_key_of_ones_own_nobody_else_can_be_asked(legion, upstream, body, headers):
    answer = post(legion, OWN, {**BODY, **body}, **headers)

    assert 400 <= answer.status_code < 500
    assert shown(upstream) == []


def test_a_key_of_ones_own_makes_no_embeddings_and_no_administrator(legion, upstream):
    embedded = post(legion, OWN, {"model": "m-1", "input": "hi"}, "/v1/embeddings")
    reloaded = post(legion, OWN, {}, "/api/llm/admin/reload")

    assert (embedded.status_code, reloaded.status_code, shown(upstream)) == (401, 401, [])


def test_without_any_key_one_is_refused_where_there_are_keys(legion):
    answer = httpx.post(f"{legion.url}/v1/chat/completions", json=BODY, trust_env=False)

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.STATUS_401, 401), (Fault.STATUS_429_RETRY_AFTER, 429)], ids=["refused", "used up"]
)
def test_what_becomes_of_ones_key_is_nobody_elses_matter(serving, make_provider, fault, status):
    with openai_upstream(fault) as server:
        legion = serving(
            {"up": make_provider(server, api_key="key-of-the-gateway")},
            api={"port": 0, "keys": KEYS, "pass_through": "up"},
        )

        answers = [post(legion, OWN) for _ in range(5)]
        (provider,) = legion.providers().get()

        assert {answer.status_code for answer in answers} == {status}
        assert provider.state == "closed"
        assert shown(server) == [f"Bearer {OWN}"] * 5


def test_the_gateway_needs_no_key_of_its_own_and_official_clients_bring_theirs(serving, make_provider):
    with anthropic_upstream() as server:
        provider = {"kind": "anthropic", "base_url": server.url, "models": ["m-1"], "enabled": True}
        legion = serving({"claude": provider}, api={"port": 0, "pass_through": "claude"})
        with anthropic.Anthropic(base_url=legion.url, api_key=OWN, max_retries=0) as client:
            message = client.messages.create(model="m-1", max_tokens=9, messages=BODY["messages"])

        assert message.content[0].text
        assert [request.headers["x-api-key"] for request in server.requests] == [OWN]


def test_ones_conversations_are_ones_own(legion):
    with openai.OpenAI(base_url=f"{legion.url}/v1", api_key=OWN, max_retries=0) as client:
        given = client.responses.create(model="m-1", input="hi")
        assert client.responses.retrieve(given.id).id == given.id

    with (
        openai.OpenAI(base_url=f"{legion.url}/v1", api_key="sk-another", max_retries=0) as other,
        pytest.raises(openai.NotFoundError),
    ):
        other.responses.retrieve(given.id)


def test_a_key_of_ones_own_is_written_down_nowhere(serving, upstream, make_provider, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "legion.db"
    more = {"audit": {"prompts": True}, "store": {"path": str(path)}, "api": {"port": 0, "pass_through": "up"}}
    with serving({"up": make_provider(upstream)}, **more) as legion:
        assert post(legion, OWN).status_code == 200
        inspected = [legion.inspect(name) for name in ("", "inference", "connections/up", "metering", "audit")]
        legion.shutdown()

    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert OWN not in f"{inspected}{caplog.text}"
    assert OWN.encode() not in written
    assert b"guest:" in written


@pytest.mark.parametrize("name", ["nobody", "demo"])
def test_keys_go_through_to_what_takes_keys(serving, upstream, make_provider, name):
    with pytest.raises(SettingsError, match=r"api\.pass_through"):
        serving({"up": make_provider(upstream), "demo": {}}, api={"port": 0, "pass_through": name})
