"""Limits per minute, with real sockets: whoever is at a limit is not asked, and the others are."""

from __future__ import annotations

import legion_llm
import pytest
from upstream import ScriptedServer, Send, answer, canned_openai, openai_upstream

WHOLE = canned_openai().whole


def calls(server):
    return sum(request.path == "/v1/chat/completions" for request in server.requests)


def test_what_a_minute_allows_goes_to_the_favourite_and_the_rest_to_the_next(embedded, make_provider):
    with openai_upstream() as stingy, openai_upstream() as generous:
        legion = embedded(
            {
                "a": make_provider(stingy, limits={"requests_per_minute": 2}),
                "b": make_provider(generous),
            }
        )

        answers = [legion.chat("Hello!", model="m-1").get(timeout=10) for _ in range(6)]

        assert [answer.routing.provider for answer in answers] == ["a", "a", "b", "b", "b", "b"]
        assert (calls(stingy), calls(generous)) == (2, 4)


def test_where_nobody_else_can_answer_the_refusal_says_how_long_to_wait(embedded, make_provider):
    with openai_upstream() as server:
        limits = {"per_model": {"m-1": {"tokens_per_minute": 300}}}
        legion = embedded({"a": make_provider(server, limits=limits)})
        legion.chat("Hello!").get(timeout=10)

        with pytest.raises(legion_llm.RefusedError) as caught:
            legion.chat("a long question " * 100).get(timeout=10)

        assert 50 < caught.value.retry_after <= 61
        assert calls(server) == 1


def test_a_provider_that_says_that_nothing_is_left_is_not_asked_again(embedded, make_provider):
    empty = {
        "x-ratelimit-limit-requests": "1",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "40s",
    }

    def script(request):
        if request.path != "/v1/chat/completions":
            return (Send(answer(canned_openai().models)),)
        return (Send(answer(WHOLE, headers=empty)),)

    with ScriptedServer(script) as server, openai_upstream() as other:
        legion = embedded({"a": make_provider(server), "b": make_provider(other)})

        first = legion.chat("Hello!", model="m-1").get(timeout=10)
        second = legion.chat("Hello!", model="m-1").get(timeout=10)

        assert (first.routing.provider, second.routing.provider) == ("a", "b")
        assert (first.rate_limit.requests.remaining, first.rate_limit.requests.reset_after) == (0.0, 40.0)
        assert calls(server) == 1
