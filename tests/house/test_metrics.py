"""A gateway that serves is scraped."""

from __future__ import annotations

import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families


def scraped(url, **headers):
    answer = httpx.get(f"{url}/metrics", headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_attempts_and_tokens_are_counted(serving, upstream, make_provider):
    legion = serving({"up": make_provider(upstream)})
    legion.chat("hi").get(timeout=10)
    legion.usage().get(timeout=10)  # what came before is counted when this is answered

    samples = scraped(legion.url)

    assert samples["legion_attempts_total", "m-1", "success", "up"] == 1
    assert samples["legion_request_duration_seconds_count", "chat", "success"] == 1
    assert samples["legion_tokens_total", "m-1", "output", "up"] > 0
    assert samples["legion_circuit_state", "closed", "up"] == 1
    assert samples["legion_actor_ready", "router"] == 1
    assert samples["legion_connection_in_flight", "up"] == 0


KEYS = {
    "ann": "key-of-ann",
    "watch": {"key": "key-of-watch", "inspect": True},
    "root": {"key": "k-root", "admin": True},
}


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("key-of-ann", 403), ("key-of-watch", 200), ("k-root", 200)])
def test_with_keys_only_those_who_may_look_in_are_answered(serving, key, status):
    legion = serving({"demo": {}}, api={"port": 0, "keys": KEYS})

    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    answer = httpx.get(f"{legion.url}/metrics", headers=headers, trust_env=False)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}],
)
def test_without_keys_pages_of_other_origins_are_refused(serving, headers):
    legion = serving({"demo": {}})

    assert httpx.get(f"{legion.url}/metrics", headers=headers, trust_env=False).status_code == 403


def test_without_the_client_library_the_answer_says_what_to_install(serving, monkeypatch):
    legion = serving({"demo": {}})
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    answer = httpx.get(f"{legion.url}/metrics", trust_env=False)

    assert (answer.status_code, "pip install legion-llm[prometheus]" in answer.text) == (501, True)
