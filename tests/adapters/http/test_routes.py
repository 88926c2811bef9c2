"""The routes besides chat, and what becomes of errors on all of them."""

from __future__ import annotations

import legion_llm
import pytest
from legion_llm.messages.errors import SystemNotRunning


def test_the_root_names_product_and_version(client):
    answer = client.get("/")

    assert answer.json() == {"product": "Legion LLM", "version": legion_llm.__version__}


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v1/models"])
def test_a_head_request_has_no_body(client, path):
    answer = client.head(path)

    assert (answer.status_code, answer.content) == (200, b"")


def test_healthz_says_that_it_lives(client, gateway):
    gateway.ready = (False, "failed")

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_readyz_says_that_requests_are_taken(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


def test_readyz_tells_of_a_store_that_cannot_be_used_though_requests_are_taken(client, gateway):
    gateway.fault = "StoreFull"

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "store": "StoreFull"})


@pytest.mark.parametrize("reason", ["starting", "draining", "failed"])
def test_readyz_gives_the_reason_why_not(client, gateway, reason):
    gateway.ready = (False, reason)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "not ready", "reason": reason})


def test_models_are_listed_once_each(client, gateway, some_models):
    gateway.catalogue = some_models

    answer = client.get("/v1/models")

    assert answer.json() == {
        "object": "list",
        "data": [
            {"id": "m-1", "object": "model", "created": 7, "owned_by": "openai/eu"},
            {"id": "org/m-2", "object": "model", "created": 0, "owned_by": "vllm"},
        ],
    }


@pytest.mark.parametrize(
    ("path", "name", "owner"),
    [
        ("m-1", "m-1", "openai/eu"),
        ("org/m-2", "org/m-2", "vllm"),
        ("org%2Fm-2", "org/m-2", "vllm"),
        ("openai/us/m-1", "openai/us/m-1", "openai/us"),
    ],
)
def test_a_model_is_found_by_every_name_a_request_may_give_it(client, gateway, some_models, path, name, owner):
    gateway.catalogue = some_models

    answer = client.get(f"/v1/models/{path}")

    assert answer.json() == {"id": name, "object": "model", "created": answer.json()["created"], "owned_by": owner}


@pytest.mark.parametrize("path", ["/v1/models/nope", "/v1/models/"])
def test_an_unknown_model_is_not_found(client, gateway, some_models, path):
    gateway.catalogue = some_models

    answer = client.get(path)

    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "UnknownModelError")


def test_a_gateway_that_is_not_running_lists_no_models(client, gateway, monkeypatch):
    def refuse():
        raise SystemNotRunning("draining")

    monkeypatch.setattr(gateway, "models", refuse)

    assert client.get("/v1/models").status_code == 503


@pytest.mark.parametrize("path", ["/nope", "/v1", "/v1/chat/completions/", "/v1/chat"])
def test_an_unknown_route_is_not_found(client, path):
    answer = client.post(path, json={})

    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "NotFoundError")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v1/chat/completions", "POST"), ("DELETE", "/v1/models", "GET, HEAD"), ("POST", "/", "GET, HEAD")],
)
def test_a_wrong_method_is_told_the_right_one(client, method, path, allowed):
    answer = client.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert allowed in answer.json()["error"]["message"]


def test_every_answer_carries_a_request_id(client):
    answers = [client.get(path, headers={"x-request-id": "mine"}) for path in ("/", "/healthz", "/v1/models", "/nope")]

    assert {answer.headers["x-request-id"] for answer in answers} == {"mine"}


def test_no_answer_names_the_server_library(client):
    answer = client.get("/")

    assert "server" not in answer.headers
