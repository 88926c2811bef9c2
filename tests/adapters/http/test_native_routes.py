"""The gateway's own API over real sockets."""

from __future__ import annotations

import pytest
from legion_llm.messages.chat import ProviderInfo
from legion_llm.runtime import Reply


@pytest.fixture
def stocked(gateway, some_models):
    gateway.catalogue = some_models
    known = (
        ProviderInfo(name="openai/eu", kind="openai", tier="cloud", default_model="m-1", state="closed"),
        ProviderInfo(name="openai/us", kind="openai", tier="cloud", default_model="m-1", state="open", retry_after=3.0),
        ProviderInfo(name="vllm", kind="vllm", tier="local", default_model=None, state="closed"),
    )

    def providers():
        reply = Reply()
        reply.set(known)
        return reply

    gateway.providers = providers
    return gateway


BODY = {"messages": [{"role": "user", "content": "hi"}]}


def test_inference_answers_in_an_envelope(client, gateway):
    gateway.answer = lambda work: work.finish("yes")

    answer = client.post("/api/llm/inference", json=BODY)

    assert (answer.status_code, answer.json()["data"]["content"]) == (200, "yes")


def test_inference_streams_to_clients_that_read_events(client, gateway):
    gateway.answer = lambda work: (work.say("ye", "s"), work.finish("yes"))

    answer = client.post("/api/llm/inference", json={**BODY, "stream": True}, headers={"accept": "text/event-stream"})

    assert answer.text.startswith('event: text-delta\ndata: {"delta":"ye"}\n\n')
    assert "event: done" in answer.text


def test_a_client_that_reads_no_events_gets_the_whole_answer(client, gateway):
    gateway.answer = lambda work: work.finish("yes")

    answer = client.post("/api/llm/inference", json={**BODY, "stream": True})

    assert answer.json()["data"]["content"] == "yes"


def test_errors_are_in_an_envelope_too(client):
    answer = client.post("/api/llm/inference", json={"messages": []})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert answer.headers["x-request-id"]


def test_a_chat_is_created(client, gateway):
    gateway.answer = lambda work: work.finish("yes")

    answer = client.post("/api/llm/chat", json={"message": "hi"})

    assert (answer.status_code, answer.json()["data"]["response"]) == (201, "yes")


def test_providers_show_their_health(client, stocked):
    data = client.get("/api/llm/providers").json()["data"]

    assert data["summary"] == {"total": 3, "healthy": 2}
    assert data["providers"][1]["health"] == {"circuit_state": "open", "retry_after": 3.0}
    assert (data["providers"][1]["provider"], data["providers"][1]["instance"]) == ("openai", "us")


def test_a_provider_is_its_instances(client, stocked):
    every = client.get("/api/llm/providers/openai").json()["data"]["instances"]
    one = client.get("/api/llm/providers/openai/us").json()["data"]["instances"]

    assert ([each["name"] for each in every], len(one)) == (["openai/eu", "openai/us"], 1)


def test_the_models_of_a_provider(client, stocked):
    data = client.get("/api/llm/providers/openai/models").json()["data"]

    assert [(each["id"], each["instances"]) for each in data["models"]] == [("m-1", ["openai/eu", "openai/us"])]


def test_an_unknown_provider_is_404(client, stocked):
    answer = client.get("/api/llm/providers/nobody")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "provider_not_found")


def test_models_are_listed_once_with_who_serves_them(client, stocked):
    data = client.get("/api/llm/models").json()["data"]

    assert [each["id"] for each in data["models"]] == ["m-1", "org/m-2"]
    assert data["models"][0]["offering_ids"] == ["openai/eu/m-1", "openai/us/m-1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [("provider=openai", 2), ("instance=vllm", 1), ("tier=local", 1), ("model=m-1", 2), ("tier=x", 0)],
)
def test_offerings_are_filtered(client, stocked, query, found):
    assert client.get(f"/api/llm/offerings?{query}").json()["data"]["summary"]["total"] == found


def test_a_filter_that_is_none_is_refused(client, stocked):
    assert client.get("/api/llm/models?colour=red").status_code == 400


def test_one_model_by_its_name_and_its_offering(client, stocked):
    assert client.get("/api/llm/models/org/m-2").json()["data"]["instances"] == ["vllm"]
    assert client.get("/api/llm/models/openai/us/m-1").json()["data"]["instances"] == ["openai/us"]
    assert client.get("/api/llm/models/nothing").json()["error"]["code"] == "model_not_found"
