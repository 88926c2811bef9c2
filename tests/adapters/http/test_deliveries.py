"""Answers that clients come back for."""

from __future__ import annotations

import threading

import httpx
import pytest
from legion_llm.adapters.http.keyring import keyring_of
from legion_llm.messages.errors import RateLimitError
from legion_llm.messages.settings import KeySettings, ResponseCacheSettings


@pytest.fixture
def delivering(serve, tmp_path):
    """Start an API that promises answers."""

    def start(*, keyring=None, **cache):
        settings = ResponseCacheSettings(deliver=True, spool_dir=str(tmp_path / "spool"), **cache)
        api = serve(cache=settings, keyring=keyring)
        return httpx.Client(base_url=api.url, timeout=10, trust_env=False)

    return start


def promised(client, **more):
    answer = client.post("/api/llm/chat", json={"message": "hi", **more})
    assert answer.status_code == 202
    return answer.json()["data"]


def test_an_answer_is_promised_and_can_be_fetched(delivering, gateway):
    with delivering() as client:
        promise = promised(client, request_id="req_1")
        pending = client.get(promise["poll"])
        gateway.take().finish("yes")
        done = client.get(promise["poll"], params={"wait": 10})

    assert promise["poll_key"] == "llm:req_1:status"
    assert (pending.status_code, pending.json()["data"]["status"]) == (202, "pending")
    assert (done.status_code, done.json()["data"]["response"]) == (200, "yes")


def test_a_client_may_insist_on_waiting(delivering, gateway):
    gateway.answer = lambda work: work.finish("yes")

    with delivering() as client:
        answer = client.post("/api/llm/chat", json={"message": "hi"}, headers={"x-legion-sync": "true"})

    assert (answer.status_code, answer.json()["data"]["response"]) == (201, "yes")


def test_whoever_waits_is_woken_by_the_answer(delivering, gateway):
    with delivering() as client:
        promise = promised(client)
        work = gateway.take()
        threading.Timer(0.05, work.finish, ("yes",)).start()

        done = client.get(promise["poll"], params={"wait": 10})

    assert done.json()["data"]["response"] == "yes"


def test_a_failure_is_delivered_with_its_status(delivering, gateway):
    with delivering() as client:
        promise = promised(client)
        gateway.take().fail(RateLimitError("slow down", retry_after=7))

        answer = client.get(promise["poll"], params={"wait": 10})

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"]["code"] == "rate_limit"


def test_a_large_answer_lies_in_a_file_until_it_is_too_old(delivering, gateway, tmp_path):
    with delivering(spool_threshold_bytes=1000) as client:
        promise = promised(client, request_id="req_large")
        gateway.take().finish("x" * 2000)

        done = client.get(promise["poll"], params={"wait": 10})
        (file,) = (tmp_path / "spool").iterdir()

        assert done.json()["data"]["response"] == "x" * 2000
        assert file.stat().st_mode & 0o777 == 0o600


def test_answers_are_forgotten_when_the_api_stops(serve, gateway, tmp_path):
    cache = ResponseCacheSettings(deliver=True, spool_dir=str(tmp_path / "spool"), spool_threshold_bytes=1)
    api = serve(cache=cache)
    with httpx.Client(base_url=api.url, trust_env=False) as client:
        finished, running = promised(client), promised(client)
        gateway.take().finish("yes")
        client.get(finished["poll"], params={"wait": 10})
        work = gateway.take()

    api.system.shutdown(drain=0.0)

    assert running
    assert work.cancelled.wait(5)
    assert list((tmp_path / "spool").iterdir()) == []


def test_nobody_fetches_another_holders_answer(delivering, gateway):
    keys = keyring_of({"ann": KeySettings(key="a"), "bob": KeySettings(key="b")}, {})
    with delivering(keyring=keys) as client:
        client.headers["x-api-key"] = "a"
        promise = promised(client)
        gateway.take().finish("for ann")

        stranger = client.get(promise["poll"], headers={"x-api-key": "b"})
        owner = client.get(promise["poll"], params={"wait": 10})

    assert (stranger.status_code, owner.status_code) == (404, 200)


def test_two_holders_may_choose_the_same_id_and_each_gets_its_own_answer(delivering, gateway):
    keys = keyring_of({"ann": KeySettings(key="a"), "bob": KeySettings(key="b")}, {})
    with delivering(keyring=keys, spool_threshold_bytes=1) as client:
        told = {}
        for key, answer in (("a", "for ann"), ("b", "for bob")):
            client.headers["x-api-key"] = key
            told[key] = promised(client, request_id="req_same")
            gateway.take().finish(answer)

        answers = [
            client.get(promise["poll"], params={"wait": 10}, headers={"x-api-key": key}).json()["data"]["response"]
            for key, promise in told.items()
        ]

    assert answers == ["for ann", "for bob"]


@pytest.mark.parametrize("path", ["/api/llm/chat/nothing", "/api/llm/chat/..%2f..%2fetc%2fpasswd"])
def test_what_was_never_promised_is_404(delivering, path):
    with delivering() as client:
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("wait", ["-1", "31", "long", "nan"])
def test_a_wait_that_cannot_be_meant_is_refused(delivering, gateway, wait):
    with delivering() as client:
        promise = promised(client)

        assert client.get(promise["poll"], params={"wait": wait}).status_code == 400


def test_a_spool_that_cannot_be_written_is_said(delivering, gateway, tmp_path):
    (tmp_path / "spool").write_text("in the way")
    with delivering(spool_threshold_bytes=1) as client:
        promise = promised(client)
        gateway.take().finish("yes")

        answer = client.get(promise["poll"], params={"wait": 10})

    assert (answer.status_code, "could not be written" in answer.json()["error"]["message"]) == (503, True)
