"""Poor answers through the whole house: the host's own check, and what is told of it."""

from __future__ import annotations

import asyncio
import threading

import legion_llm
import pytest
from upstream import openai_upstream


@pytest.fixture
def two(embedded, make_provider):
    """Two providers with the same model and the same answer, "w0 w1 w2 w3 w4 "."""
    with openai_upstream() as first, openai_upstream() as second:
        yield embedded({"a": make_provider(first), "b": make_provider(second)})


def test_a_short_answer_is_asked_for_elsewhere_and_the_caller_hears_of_it(two):
    with pytest.raises(legion_llm.EscalationExhausted) as caught:
        two.chat("Hello!", model="m-1", escalate=True).get(timeout=10)

    assert caught.value.attempts == (
        "a/m-1: quality_failure: too_short",
        "b/m-1: quality_failure: too_short",
    )


def test_a_plain_check_runs_in_a_thread_and_decides(two):
    threads = []

    def check(response):
        threads.append(threading.current_thread())
        return len(threads) > 1 and response.text

    response = two.chat("Hello!", model="m-1", quality_threshold=1, quality_check=check).get(timeout=10)

    assert response.routing.chain == ("a/m-1: quality_failure", "b/m-1: success")
    assert response.quality.source == "heuristic"
    assert threading.main_thread() not in threads


def test_a_check_that_raises_does_not_fail_the_request(two):
    def check(response):
        return response.no_such_thing

    response = two.chat("Hello!", model="m-1", quality_threshold=1, quality_check=check).get(timeout=10)

    assert response.routing.attempts == 1
    assert "AttributeError" in response.warnings[0]


def test_a_coroutine_check_runs_on_the_hosts_own_loop(two):
    loops = []

    async def check(response):
        loops.append(asyncio.get_running_loop())
        return bool(response.text)

    async def host():
        await two.chat("Hello!", model="m-1", quality_threshold=1, quality_check=check)
        return asyncio.get_running_loop()

    assert asyncio.run(host()) in loops


def test_a_stream_is_judged_too_but_kept_once_it_was_seen(two):
    stream = two.stream("Hello!", model="m-1", escalate=True)

    text = "".join(chunk.text for chunk in stream)

    assert text == "w0 w1 w2 w3 w4 "
    assert stream.reply.get(timeout=10).quality.band == "high"


def test_a_check_that_is_no_function_is_refused(two):
    with pytest.raises(legion_llm.InvalidRequestError):
        two.chat("Hello!", quality_check=7)
