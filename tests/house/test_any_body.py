"""Every route under whatever its own description allows, and a little more: an answer, never a 500."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from legion_llm.adapters.http.openapi import OPERATIONS
from legion_llm.adapters.serving import start_gateway
from legion_llm.adapters.settings import load_settings
from schemathesis import GenerationMode

QUICK = settings(
    max_examples=8,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def url():
    given = load_settings(overrides={"providers": {"demo": {}}, "api": {"port": 0}}, environ={})
    with start_gateway(given, environ={}) as legion:
        yield legion.url


@pytest.fixture(scope="module")
def document(url):
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        return json.load(answer)


RIGHT = [(each, GenerationMode.POSITIVE) for each in sorted(OPERATIONS)]
WRONG = [(each, GenerationMode.NEGATIVE) for each in sorted(OPERATIONS) if OPERATIONS[each].body is not None]


@pytest.mark.parametrize(
    ("operation", "mode"),
    [*RIGHT, *WRONG],
    ids=lambda each: each.value if isinstance(each, GenerationMode) else " ".join(each),
)
def test_no_route_is_brought_down_by_a_body(url, document, operation, mode):
    method, path = operation
    described = schemathesis.openapi.from_dict(document)[path][method]
    seen = []

    @QUICK
    @given(case=described.as_strategy(generation_mode=mode))
    def ask(case):
        answer = case.call(base_url=url, timeout=20)
        seen.append(answer.status_code)
        assert answer.status_code < 500 or answer.status_code in (502, 503, 504), answer.text
        assert "x-request-id" in answer.headers

    ask()
    assert seen


@QUICK
@given(body=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def bodies_of_any_bytes(url, body):
    for path in ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings", "/api/llm/inference"):
        request = urllib.request.Request(f"{url}{path}", data=body, headers={"content-type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert refused.value.code in (400, 413)
        refused.value.close()


def test_bytes_that_are_no_request_are_refused_in_words(url):
    bodies_of_any_bytes(url)
