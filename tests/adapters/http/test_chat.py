"""POST /v1/chat/completions, answered whole."""

from __future__ import annotations

import json
import math

import attrs
import pytest
from legion_llm.messages.errors import RateLimitError, SystemNotRunning, UnknownModelError

CHAT = "/v1/chat/completions"


def test_a_whole_answer_says_who_gave_it(client, gateway, prompt, routed):
    gateway.answer = lambda work: work.finish("hello", routed)

    answer = client.post(CHAT, json=prompt)

    assert (answer.status_code, answer.json()) == (200, {"text": "hello"})
    assert answer.headers["content-type"] == "application/json"
    legion = {name: value for name, value in answer.headers.items() if name.startswith("x-legion")}
    assert legion == {
        "x-legion-provider": "openai/eu",
        "x-legion-model": "m-1",
        "x-legion-tier": "cloud",
        "x-legion-strategy": "explicit",
        "x-legion-attempts": "2",
    }


def test_a_model_name_that_no_header_can_carry_is_quoted(client, gateway, prompt, routed):
    gateway.answer = lambda work: work.finish("hello", attrs.evolve(routed, model="größe\r\nx: y"))

    answer = client.post(CHAT, json=prompt)

    assert answer.headers["x-legion-model"] == "gr%C3%B6%C3%9Fe%0D%0Ax:%20y"


def test_an_answer_carries_the_id_of_the_request(client, gateway, prompt):
    seen = []
    gateway.answer = lambda work: (seen.append(work.request.id), work.finish())

    answer = client.post(CHAT, json=prompt)

    assert [answer.headers["x-request-id"]] == seen


@pytest.mark.parametrize(
    ("given", "repeated"), [("a-1_B.c", True), ("x" * 128, True), ("x" * 129, False), ("a b", False)]
)
def test_a_client_may_choose_a_well_formed_id(client, gateway, prompt, given, repeated):
    gateway.answer = lambda work: work.finish()

    answer = client.post(CHAT, json=prompt, headers={"x-request-id": given})

    assert (answer.headers["x-request-id"] == given) is repeated


def test_an_error_keeps_the_id_that_the_client_chose(client):
    answer = client.post(CHAT, content=b"{", headers={"x-request-id": "mine", "content-type": "application/json"})

    assert (answer.status_code, answer.headers["x-request-id"]) == (400, "mine")


def test_an_error_of_the_gateway_gets_its_status_from_the_table(client, gateway, prompt):
    gateway.answer = lambda work: work.fail(UnknownModelError("no model 'm'", model="m"))

    answer = client.post(CHAT, json=prompt)

    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "UnknownModelError")
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(("wait", "header"), [(2.1, "3"), (0.0, "0"), (None, None), (math.inf, None)])
def test_retry_after_is_rounded_up_to_whole_seconds(client, gateway, prompt, wait, header):
    gateway.answer = lambda work: work.fail(RateLimitError("slow down", retry_after=wait))

    answer = client.post(CHAT, json=prompt)

    assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)


def test_a_gateway_that_is_not_running_refuses_with_503(client, gateway, prompt):
    gateway.refusal = SystemNotRunning("system is draining")

    answer = client.post(CHAT, json=prompt)

    assert (answer.status_code, answer.json()["error"]["message"]) == (503, "system is draining")


def test_a_connection_serves_many_requests(raw, gateway, prompt):
    gateway.answer = lambda work: work.finish(work.request.messages[0].content)
    body = json.dumps(prompt).encode()

    answers = []
    for _ in range(3):
        raw.post(body)
        answers.append(raw.read_answer()[0])

    assert answers == [200, 200, 200]


def test_of_pipelined_requests_the_first_is_answered(raw, gateway, prompt):
    raw.post(json.dumps(prompt).encode())
    work = gateway.take()

    raw.post(json.dumps(prompt).encode())
    work.finish("first")

    assert json.loads(raw.read_answer()[2]) == {"text": "first"}
    assert raw.read_to_end() == b""


def test_a_client_that_pipelines_and_leaves_cancels_the_work(raw, gateway, prompt):
    raw.post(json.dumps(prompt).encode())
    raw.send(b"POST / HTTP/1.1\r\nhost: x\r\n\r\n")
    work = gateway.take()

    raw.close()

    assert work.cancelled.wait(0.2)


def test_a_client_that_leaves_cancels_the_work(raw, gateway, prompt):
    raw.post(json.dumps(prompt).encode())
    work = gateway.take()

    raw.close()

    assert work.cancelled.wait(0.2)


def test_a_client_that_asks_first_whether_to_go_on_is_told_so(raw, gateway, prompt):
    gateway.answer = lambda work: work.finish()
    body = json.dumps(prompt).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"

    raw.send(head.encode() + b"expect: 100-continue\r\n\r\n")
    said = raw.read_until(b"\r\n\r\n")
    raw.send(body)

    assert (said, raw.read_answer()[0]) == (b"HTTP/1.1 100 Continue\r\n\r\n", 200)


def test_a_bug_is_an_internal_error_that_tells_nothing(client, gateway, prompt, caplog):
    gateway.answer = lambda work: work.reply.fail(ZeroDivisionError("secret"))

    answer = client.post(CHAT, json=prompt)

    assert (answer.status_code, answer.json()["error"]["message"]) == (500, "internal error")
    assert client.get("/healthz").status_code == 200
