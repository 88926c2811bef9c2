"""Bad requests as OpenAI's clients see them: the real dialect on the real server."""

from __future__ import annotations

import json

import httpx
import pytest
from legion_llm.adapters.dialects.openai_chat import OpenAIChat
from legion_llm.messages.errors import RateLimitError, UnknownModelError

CHAT = "/v1/chat/completions"
JSON = {"content-type": "application/json"}
HI = {"role": "user", "content": "hi"}


@pytest.fixture
def openai(serve):
    """A client of an API that speaks OpenAI's dialect."""
    with httpx.Client(base_url=serve(dialect=OpenAIChat()).url, timeout=10, trust_env=False) as client:
        yield client


def _error(answer):
    """Return the error, after seeing that it has OpenAI's four fields."""
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


@pytest.mark.parametrize("body", [b"", b"{", b'{"messages": [}', b"\xff\xfe{}", b"[1]", b'"text"', b"null"])
def test_a_body_that_is_no_json_object_is_an_invalid_request(openai, body):
    answer = openai.post(CHAT, content=body, headers=JSON)

    assert (answer.status_code, _error(answer)["type"]) == (400, "invalid_request_error")
    assert openai.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": [7]}, "messages"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages"),
        ({"messages": [{"role": "nobody", "content": "hi"}]}, "messages"),
        ({"messages": [HI], "model": 7}, "model"),
        ({"messages": [HI], "temperature": "hot"}, "temperature"),
        ({"messages": [HI], "max_tokens": "many"}, "max_tokens"),
        ({"messages": [HI], "stream": "yes"}, "stream"),
        ({"messages": [HI], "tools": 7}, "tools"),
    ],
)
def test_a_wrong_field_is_named(openai, fields, param):
    answer = openai.post(CHAT, json={"model": "m", **fields})

    assert (answer.status_code, _error(answer)["type"]) == (400, "invalid_request_error")
    assert _error(answer)["param"].startswith(param)


def test_an_unknown_model_is_not_found(openai, gateway):
    gateway.answer = lambda work: work.fail(UnknownModelError("no provider serves 'm'", model="m"))

    answer = openai.post(CHAT, json={"model": "m", "messages": [HI]})

    assert (answer.status_code, _error(answer)["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("stream", [False, True])
def test_a_throttled_request_says_when_to_come_back(openai, gateway, stream):
    gateway.answer = lambda work: work.fail(RateLimitError("slow down", retry_after=1.5))

    answer = openai.post(CHAT, json={"model": "m", "messages": [HI], "stream": stream})

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert _error(answer)["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/v1/nope", {}, 404),
        ("GET", "/v1/models/nope", {}, 404),
        ("GET", CHAT, {}, 405),
        ("POST", CHAT, {"content": b"hi"}, 415),
        ("POST", CHAT, {"content": b"x" * 20_000_000, "headers": JSON}, 413),
        ("POST", CHAT, {"content": b"[" * 10_000, "headers": JSON}, 413),
        ("GET", "/", {"headers": {"x-large": "a" * 70_000}}, 431),
    ],
)
def test_what_http_refuses_has_the_same_shape(openai, method, path, options, status):
    answer = openai.request(method, path, **options)

    assert (answer.status_code, _error(answer)["type"]) == (status, "invalid_request_error")
    assert answer.headers["x-request-id"]


def test_a_failure_in_the_middle_is_an_error_event(openai, gateway):
    def answer(work):
        work.say("one")
        work.fail(RateLimitError("slow down"))

    gateway.answer = answer

    events = openai.post(CHAT, json={"model": "m", "messages": [HI], "stream": True}).text.split("\n\n")

    errors = [json.loads(event.removeprefix("data: "))["error"] for event in events if '"error"' in event]
    assert [error["message"] for error in errors] == ["slow down"]
