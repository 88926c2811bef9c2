"""Who gets in, over real sockets."""

from __future__ import annotations

import ssl

import httpx
import pytest
import trustme
from legion_llm.adapters.http.keyring import keyring_of
from legion_llm.messages.errors import StartFailed
from legion_llm.messages.settings import KeySettings, TlsSettings


@pytest.mark.parametrize("host", ["a b", "x/../y", "x@y", "[::1", "x:99999999", "x\ty"])
def test_a_host_that_is_none_is_refused(raw, host):
    raw.send(f"GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())

    assert raw.read_answer()[0] == 400


def test_two_hosts_are_refused(raw):
    raw.send(b"GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")

    status, _, body = raw.read_answer()

    assert (status, "Host" in body.decode()) == (400, True)


@pytest.mark.parametrize("host", ["x", "localhost:4567", "127.0.0.1", "[::1]:80", "a-b.example_1.org"])
def test_a_real_host_is_welcome(raw, host):
    raw.send(f"GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())

    assert raw.read_answer()[0] == 200


def test_a_probe_with_head_is_answered(client):
    answer = client.head("/")

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_query_does_not_matter(client, gateway, prompt):
    gateway.answer = lambda work: work.finish("yes")

    assert client.post("/v1/chat/completions?beta=true", json=prompt).json() == {"text": "yes"}


def test_a_used_up_minute_is_429_with_the_wait(serve, gateway, prompt):
    gateway.answer = lambda work: work.finish("yes")
    api = serve(keyring=keyring_of({"ann": KeySettings(key="k", requests_per_minute=1)}, {}))

    with httpx.Client(base_url=api.url, headers={"x-api-key": "k"}, trust_env=False) as client:
        first, second = (client.post("/v1/chat/completions", json=prompt) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 429)
    assert 0 < int(second.headers["retry-after"]) <= 60
    assert second.headers["x-request-id"]


def test_streams_are_counted_too(serve, gateway, streamed):
    gateway.answer = lambda work: (work.say("word"), work.finish())
    api = serve(keyring=keyring_of({"ann": KeySettings(key="k", tokens_per_minute=1)}, {}))

    with httpx.Client(base_url=api.url, headers={"x-api-key": "k"}, trust_env=False) as client:
        first = client.post("/v1/chat/completions", json=streamed)
        second = client.post("/v1/chat/completions", json=streamed)

    assert first.text.endswith("data: [DONE]\n\n")
    assert second.status_code == 200  # it used nothing, so the estimate was given back


def test_the_caller_is_whoever_holds_the_key(serve, gateway, prompt):
    api = serve(keyring=keyring_of({"ann": KeySettings(key="k", type="human")}, {}))
    gateway.answer = lambda work: (gateway.arrived.put(work), work.finish())

    httpx.post(
        f"{api.url}/v1/chat/completions", json={**prompt, "user": "root"}, headers={"x-api-key": "k"}, trust_env=False
    )

    caller = gateway.take().request.caller
    assert (caller.identity, caller.type) == ("ann", "human")


@pytest.fixture
def certificates(tmp_path):
    authority = trustme.CA()
    files = {"certificate": tmp_path / "cert.pem", "key": tmp_path / "key.pem", "ca": tmp_path / "ca.pem"}
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_pem.write_to_path(files["key"])
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(files["certificate"], append=number > 0)
    authority.cert_pem.write_to_path(files["ca"])
    return {name: str(path) for name, path in files.items()}


def test_https_is_served_where_the_settings_name_a_certificate(serve, gateway, prompt, certificates):
    gateway.answer = lambda work: work.finish("secret")
    tls = TlsSettings(certificate=certificates["certificate"], key=certificates["key"])
    api = serve(settings={"tls": tls})

    trust = ssl.create_default_context(cafile=certificates["ca"])
    answer = httpx.post(
        f"https://127.0.0.1:{api.address.port}/v1/chat/completions", json=prompt, verify=trust, trust_env=False
    )

    assert answer.json() == {"text": "secret"}


def test_a_certificate_that_cannot_be_read_stops_the_start(serve):
    with pytest.raises(StartFailed, match=r"api\.tls: .*No such file"):
        serve(settings={"tls": TlsSettings(certificate="/nowhere/cert.pem")})
