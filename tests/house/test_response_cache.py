"""An answer that was given before is given again, and nothing else is."""

from __future__ import annotations

import os
import socket
import uuid

import httpx
import pytest
from legion_llm.messages.errors import SettingsError
from legion_llm.messages.settings import ResponseCacheSettings, Settings

ASKED = {"model": "m-1", "temperature": 0}
REDIS = "redis://127.0.0.1:6379/9"


def texts(legion, *messages, **more):
    return [legion.chat(message, **{**ASKED, **more}).get(timeout=10) for message in messages]


def test_the_same_question_reaches_the_provider_once(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})

    first, second = texts(legion, "hi", "hi")

    assert (first.cached, second.cached, len(upstream.requests)) == (False, True, 1)
    assert (second.text, second.usage) == (first.text, first.usage)
    assert first.request_id != second.request_id
    assert legion.inspect("cache")["snapshot"] == {"kept": 1, "hits": 1, "misses": 1}


@pytest.mark.parametrize("difference", [{"temperature": None}, {"temperature": 0.5}, {"conversation_id": "conv_1"}])
def test_where_chance_or_a_conversation_is_at_work_every_question_is_asked(
    embedded, upstream, make_provider, difference
):
    legion = embedded({"up": make_provider(upstream)})

    answers = texts(legion, "hi", "hi", **difference)

    assert ([each.cached for each in answers], len(upstream.requests)) == ([False, False], 2)


def test_a_stream_gets_the_remembered_answer_as_chunks(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)})
    [whole] = texts(legion, "hi")

    streamed = "".join(chunk.text for chunk in legion.stream("hi", **ASKED))

    assert (streamed, len(upstream.requests)) == (whole.text, 1)


def test_it_can_be_switched_off(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)}, response_cache={"enabled": False})

    assert [each.cached for each in texts(legion, "hi", "hi")] == [False, False]


def test_an_answer_grows_too_old(embedded, upstream, make_provider):
    legion = embedded({"up": make_provider(upstream)}, response_cache={"ttl_seconds": 1e-9})

    assert [each.cached for each in texts(legion, "hi", "hi")] == [False, False]


def test_clients_are_told(serving, upstream, make_provider):
    url = serving({"up": make_provider(upstream)}).url
    body = {**ASKED, "messages": [{"role": "user", "content": "hi"}]}

    first, second = (httpx.post(f"{url}/v1/chat/completions", json=body, trust_env=False) for _ in range(2))

    assert ("x-legion-cache" in first.headers, second.headers["x-legion-cache"]) == (False, "hit")
    assert first.json()["choices"] == second.json()["choices"]


# -- shared


@pytest.fixture
def redis(monkeypatch):
    try:
        socket.create_connection(("127.0.0.1", 6379), timeout=1).close()
    except OSError:
        if os.environ.get("LEGION_REQUIRE_SERVICES") == "1":
            pytest.fail("no Redis on port 6379 (LEGION_REQUIRE_SERVICES=1)")
        pytest.skip("no Redis on port 6379")
    return REDIS


@pytest.mark.live
def test_two_gateways_share_their_answers(embedded, upstream, make_provider, redis):
    shared = {"response_cache": {"redis_url": redis, "ttl_seconds": 20, "patience": 5}}
    one, other = (embedded({"up": make_provider(upstream)}, **shared) for _ in range(2))
    question = f"hi {uuid.uuid4()}"

    [first] = texts(one, question)
    one.shutdown()  # what nobody waits for is done by then
    [second] = texts(other, question)

    assert (first.cached, second.cached, second.text) == (False, True, first.text)
    assert len(upstream.requests) == 1


@pytest.fixture
def silent_port():
    """A server that accepts, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_cache_that_hangs_is_asked_once_and_then_has_a_rest(embedded, upstream, make_provider, silent_port):
    cache = {"redis_url": f"redis://127.0.0.1:{silent_port}/0", "patience": 0.05}
    legion = embedded({"up": make_provider(upstream)}, response_cache=cache)

    answers = texts(legion, "hi", "hi", "hi")

    assert [each.cached for each in answers] == [False] * 3
    assert legion.inspect("cache")["snapshot"]["failures"] == 1


def test_a_cache_that_is_down_is_none(embedded, upstream, make_provider):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    legion = embedded({"up": make_provider(upstream)}, response_cache={"redis_url": f"redis://127.0.0.1:{port}/0"})

    assert [each.cached for each in texts(legion, "hi", "hi")] == [False, False]
    assert legion.inspect("cache")["snapshot"]["resting"] is True


def test_a_password_does_not_belong_into_the_url():
    with pytest.raises(SettingsError, match="redis_password"):
        ResponseCacheSettings(redis_url="redis://:hunter2@127.0.0.1/0")


def test_answers_are_remembered_by_default_only_where_nothing_is_left_to_chance():
    assert Settings().response_cache.enabled
