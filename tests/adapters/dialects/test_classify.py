"""What real error bodies mean, whoever sends them."""

from __future__ import annotations

import json

import pytest
from legion_llm.adapters.dialects.classify import classify_error, classify_value
from legion_llm.adapters.dialects.error_report import MAX_TEXT
from legion_llm.messages.errors import (
    AccountError,
    AuthError,
    ContentRefusedError,
    ContextOverflow,
    ModelUnavailableError,
    ProviderError,
    RateLimitError,
    RequestRejectedError,
)

NOW = 1_700_000_000.0


def openai(message, code=None, kind="invalid_request_error"):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


CASES = [
    # OpenAI and those who imitate it
    (401, openai("Incorrect API key provided: sk-abc***", "invalid_api_key"), AuthError),
    (403, openai("Project does not have access to model", "model_not_found"), ModelUnavailableError),
    (404, openai("The model `gpt-9` does not exist", "model_not_found"), ModelUnavailableError),
    (429, openai("Rate limit reached for gpt-4o", "rate_limit_exceeded", "requests"), RateLimitError),
    (429, openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), AccountError),
    (400, openai("This model's maximum context length is 8192 tokens", "context_length_exceeded"), ContextOverflow),
    (400, openai("Your request was rejected by our safety system", "content_policy_violation"), ContentRefusedError),
    (400, openai("Invalid type for 'messages'", "invalid_type"), RequestRejectedError),
    (500, openai("The server had an error", None, "server_error"), ProviderError),
    (503, openai("That model is currently overloaded", None, "server_error"), ProviderError),
    # an overflow that is wrapped in a 5xx
    (500, {"error": "the input exceeds the available context size (4096)"}, ContextOverflow),
    # Azure
    (
        400,
        {
            "error": {
                "code": "content_filter",
                "message": "filtered",
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        ContentRefusedError,
    ),
    (401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key"}}, AuthError),
    # Anthropic: out of credit is said with a 400
    (
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
        AccountError,
    ),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, ProviderError),
    (
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}},
        ContextOverflow,
    ),
    # Gemini
    (
        400,
        {"error": {"code": 400, "message": "API key not valid. Please pass one.", "status": "INVALID_ARGUMENT"}},
        AuthError,
    ),
    (429, {"error": {"code": 429, "message": "Resource exhausted", "status": "RESOURCE_EXHAUSTED"}}, RateLimitError),
    (503, [{"error": {"code": 503, "message": "The model is overloaded", "status": "UNAVAILABLE"}}], ProviderError),
    # vLLM, old and new
    (
        400,
        {"object": "error", "message": "This model's maximum context length is 4096 tokens", "code": 400},
        ContextOverflow,
    ),
    (404, {"detail": "Not Found"}, ModelUnavailableError),
    # Ollama
    (404, {"error": "model 'qwen9' not found"}, ModelUnavailableError),
    # DeepSeek, Mistral, OpenRouter
    (402, openai("Insufficient Balance", "invalid_request_error", "unknown_error"), AccountError),
    (
        422,
        {"object": "error", "message": {"detail": [{"loc": ["body"]}]}, "type": "invalid_request_error"},
        RequestRejectedError,
    ),
    (402, {"error": {"message": "Insufficient credits", "code": 402}}, AccountError),
    (408, {"error": {"message": "timeout", "code": 408}}, ProviderError),
]


@pytest.mark.parametrize(("status", "body", "error"), CASES)
def test_a_vendors_error_means_what_it_says(status, body, error):
    found = classify_error(status, {}, json.dumps(body).encode(), now=NOW)

    assert type(found) is error
    assert found.status == status


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>502 Bad Gateway</html>", b"upstream connect error", b"[]", b"null", b'{"error": 7}', b"\xff\xfe{"],
)
def test_whatever_the_body_holds_there_is_an_error(body):
    assert type(classify_error(502, {}, body, now=NOW)) is ProviderError


def test_a_redirect_is_not_followed():
    assert "redirects are not followed" in str(classify_error(307, {"Location": "http://192.0.2.1"}, b"", now=NOW))


def test_the_text_is_one_line_cut_and_without_keys():
    body = json.dumps({"error": {"message": "bad key sk-proj-abcdef1234567890\n" + "x" * 5000}}).encode()

    text = str(classify_error(401, {}, body, now=NOW))

    assert "sk-proj" not in text
    assert "\n" not in text
    assert len(text) < MAX_TEXT + 50


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, RateLimitError),
        ({"error": {"message": "boom", "code": 500}}, ProviderError),
        ({"error": {"message": "no such key", "type": "authentication_error"}}, AuthError),
        ({"error": "out of cheese"}, ProviderError),
    ],
)
def test_an_error_in_place_of_an_answer_is_read_by_its_words(value, error):
    assert type(classify_value(value)) is error


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"Retry-After": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0.0),
        ({"Retry-After": "999999"}, 86_400.0),
        ({"Retry-After": "soon"}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, 90.0),
        ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1m30s"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_headers(headers, seconds):
    assert classify_error(429, headers, b"{}", now=NOW).retry_after == seconds
